/* INIT and REPLY of each method, both roles. */
#include "lib/transport/kexvalue.h"

#include "lib/crypto/agreement.h"
#include "lib/transport/kex.h"

#include <sallyport/key.h>

/* In a group exchange the two have numbers of their own. */
static bool
has_group(const struct transport *t)
{
	return t->negotiated.method->family == FAMILY_GEX;
}

enum sp_status
kexvalue_send_init(struct transport *t)
{
	struct kex *kex = t->kex;
	enum sp_status status;
	struct writer w;

	status = agreement_start(
	    kex->agreement, t->crypto, &kex->client_value, &kex->state);
	if (status != SP_OK)
		return status;
	transport_begin(t, &w,
	    has_group(t) ? SSH_MSG_KEX_DH_GEX_INIT : SSH_MSG_KEX_ECDH_INIT);
	kexmethod_write_value(
	    &w, t->negotiated.method, buffer_view(&kex->client_value));
	return transport_end(t, &w);
}

/* The public blob of the server's key for the negotiated algorithm. */
static enum sp_status
choose_host_key(struct transport *t)
{
	struct reader r;

	reader_init(&r, buffer_view(&t->host_keys));
	while (r.left > 0) {
		struct sp_view algorithm = reader_string(&r);
		struct sp_view blob = reader_string(&r);

		if (view_equal_string(algorithm, t->negotiated.host_key))
			return buffer_append(&t->kex->host_key, blob);
	}
	return SP_ERR_NO_HOST_KEY;
}

static void
ask_signature(struct transport *t)
{
	struct kex *kex = t->kex;
	struct sp_event *event = event_push(&t->events, SP_EVENT_SIGN_EXCHANGE);

	event->u.sign_exchange.method =
	    view_of_string(t->negotiated.method->name);
	event->u.sign_exchange.host_key_algorithm =
	    view_of_string(t->negotiated.host_key);
	event->u.sign_exchange.host_key = buffer_view(&kex->host_key);
	event->u.sign_exchange.client_identification =
	    view_of_string(t->peer_identification);
	event->u.sign_exchange.server_identification =
	    view_of_string(t->our_identification);
	event->u.sign_exchange.client_kexinit = buffer_view(&kex->peer_init);
	event->u.sign_exchange.server_kexinit = buffer_view(&kex->our_init);
	event->u.sign_exchange.group = buffer_view(&kex->group);
	event->u.sign_exchange.client_value = buffer_view(&kex->client_value);
	event->u.sign_exchange.server_value = buffer_view(&kex->server_value);
	event->u.sign_exchange.shared = secret_view(&kex->shared);
	event->u.sign_exchange.hash = view_of(kex->hash, kex->hash_len);
	transport_ask(t, event);
}

enum sp_status
kexvalue_receive_init(struct transport *t, struct reader *r)
{
	struct sp_view client_value =
	    kexmethod_read_value(r, t->negotiated.method);
	enum sp_status status = reader_finish(r);
	struct kex *kex = t->kex;

	/* Nobody asked for a group yet. */
	if (status == SP_OK && kex->agreement == NULL)
		status = SP_ERR_UNEXPECTED_MESSAGE;
	/* Its length is looked at before any of it is kept. */
	if (status == SP_OK)
		status = agreement_respond(kex->agreement, t->crypto,
		    client_value, &kex->server_value, &kex->shared);
	if (status == SP_OK)
		status = buffer_append(&kex->client_value, client_value);
	if (status == SP_OK)
		status = choose_host_key(t);
	if (status == SP_OK)
		status = kex_compute_hash(t);
	if (status != SP_OK)
		return status;
	kex->method_is_over = true;
	ask_signature(t);
	return SP_OK;
}

enum sp_status
kexvalue_signed(struct transport *t, struct sp_view signature)
{
	enum sp_status status;
	struct writer w;

	transport_begin(t, &w,
	    has_group(t) ? SSH_MSG_KEX_DH_GEX_REPLY : SSH_MSG_KEX_ECDH_REPLY);
	writer_string(&w, buffer_view(&t->kex->host_key));
	kexmethod_write_value(
	    &w, t->negotiated.method, buffer_view(&t->kex->server_value));
	writer_string(&w, signature);
	status = transport_end(t, &w);
	return status == SP_OK ? kex_send_newkeys(t) : status;
}

/*
 * By the key, or by that in the certificate: what else the certificate says
 * is for the owner to look at. A user's is none. Where an authenticator
 * signed nobody need have touched it: nobody sits at a host.
 */
static enum sp_status
verify(const struct transport *t, struct sp_view host_key,
    struct sp_view signature)
{
	struct sp_view algorithm = view_of_string(t->negotiated.host_key);
	struct sp_view hash = view_of(t->kex->hash, t->kex->hash_len);
	const char *plain = sp_certificate_algorithm(algorithm);
	enum { KEY_MAX = 4096 }; /* twice the largest of RSA */
	struct sp_key_presence presence;
	struct sp_certificate certificate;
	uint8_t key[KEY_MAX];
	enum sp_status status;
	size_t len;

	if (plain == NULL)
		return sp_key_verify_presence(
		    t->crypto, host_key, algorithm, hash, signature, &presence);
	status = sp_certificate_parse(host_key, &certificate);
	if (status == SP_OK && certificate.kind != SP_CERTIFICATE_HOST)
		status = SP_ERR_KEY_TYPE;
	if (status == SP_OK)
		status =
		    sp_certificate_key(&certificate, key, sizeof key, &len);
	if (status != SP_OK)
		return status;
	return sp_key_verify_presence(t->crypto, view_of(key, len),
	    view_of_string(plain), hash, signature, &presence);
}

enum sp_status
kexvalue_receive_reply(struct transport *t, struct reader *r)
{
	struct sp_view host_key = reader_string_max(r, LIMIT_KEY_BLOB);
	struct sp_view server_value =
	    kexmethod_read_value(r, t->negotiated.method);
	struct sp_view signature = reader_string(r);
	enum sp_status status = reader_finish(r);
	struct kex *kex = t->kex;
	struct sp_event *event;

	/* No group came, so no value of ours went. */
	if (status == SP_OK && kex->state == NULL)
		status = SP_ERR_UNEXPECTED_MESSAGE;
	if (status == SP_OK)
		status = buffer_append(&kex->host_key, host_key);
	if (status == SP_OK)
		status = buffer_append(&kex->server_value, server_value);
	if (status == SP_OK)
		status =
		    agreement_finish(kex->state, server_value, &kex->shared);
	if (status == SP_OK)
		status = kex_compute_hash(t);
	if (status == SP_OK)
		status = verify(t, host_key, signature);
	if (status == SP_ERR_KEY_FORMAT || status == SP_ERR_KEY_TYPE ||
	    status == SP_ERR_KEY_SIZE)
		status = SP_ERR_SIGNATURE;
	if (status != SP_OK)
		return status;
	kex->method_is_over = true;
	event = event_push(&t->events, SP_EVENT_HOST_KEY);
	event->u.host_key.algorithm = view_of_string(t->negotiated.host_key);
	event->u.host_key.blob = buffer_view(&kex->host_key);
	transport_ask(t, event);
	return SP_OK;
}
