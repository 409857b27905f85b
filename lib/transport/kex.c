/* The course of a key exchange, whatever the method. */
#include "lib/transport/kex.h"

#include "lib/crypto/agreement.h"
#include "lib/crypto/mac.h"
#include "lib/crypto/random.h"
#include "lib/transport/exchange.h"
#include "lib/transport/extinfo.h"
#include "lib/transport/groupexchange.h"
#include "lib/transport/kexvalue.h"
#include "lib/transport/keys.h"
#include "lib/wire/namelist.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum {
	/* RFC 4344 3.1: a fresh key before 2^32 packets, well before. */
	REKEY_PACKETS = 1 << 30,
};

static struct kex *
kex_new(void)
{
	struct kex *kex = calloc(1, sizeof *kex);

	if (kex == NULL)
		return NULL;
	buffer_init(&kex->our_init, LIMIT_KEXINIT);
	buffer_init(&kex->peer_init, LIMIT_KEXINIT);
	buffer_init(&kex->group, 4096);
	buffer_init(&kex->client_value, LIMIT_PACKET);
	buffer_init(&kex->server_value, LIMIT_PACKET);
	buffer_init(&kex->host_key, LIMIT_KEY_BLOB);
	return kex;
}

void
kex_free(struct kex *kex)
{
	if (kex == NULL)
		return;
	buffer_clear(&kex->our_init);
	buffer_clear(&kex->peer_init);
	buffer_clear(&kex->client_value);
	buffer_clear(&kex->server_value);
	buffer_clear(&kex->host_key);
	agreement_free(kex->state);
	buffer_clear(&kex->group);
	secret_clear(&kex->shared);
	OPENSSL_cleanse(kex->hash, sizeof kex->hash);
	free(kex);
}

/* The exchange under way, or a new one. */
static enum sp_status
get_kex(struct transport *t, struct kex **kex)
{
	if (t->kex == NULL) {
		t->kex = kex_new();
		if (t->kex == NULL)
			return SP_ERR_MEMORY;
		t->kex->until = t->now + LIMIT_KEX_MS;
	}
	*kex = t->kex;
	return SP_OK;
}

/*
 * Where the owner chose the first cookie, no later exchange can be taken
 * for a first one.
 */
static enum sp_status
make_cookie(const struct transport *t, uint8_t cookie[KEX_COOKIE_LEN])
{
	enum sp_status status;

	if (t->has_first_cookie && !t->first_kex_done) {
		memcpy(cookie, t->first_cookie, KEX_COOKIE_LEN);
		return SP_OK;
	}
	status = random_bytes(cookie, KEX_COOKIE_LEN);
	if (status == SP_OK && t->has_first_cookie)
		cookie[0] |= 0x80;
	return status;
}

static enum sp_status
send_init(struct transport *t, struct kex *kex)
{
	enum sp_status status;
	uint8_t cookie[KEX_COOKIE_LEN];
	struct writer w;

	status = make_cookie(t, cookie);
	if (status != SP_OK)
		return status;
	writer_init(&w, &kex->our_init);
	writer_u8(&w, SSH_MSG_KEXINIT);
	negotiation_write(&w, &t->offer, t->role, !t->first_kex_done, cookie);
	status = writer_finish(&w);
	if (status != SP_OK)
		return status;
	transport_begin(t, &w, SSH_MSG_KEXINIT);
	/* The number is written already; the rest follows. */
	writer_bytes(&w,
	    view_of(kex->our_init.data + kex->our_init.start + 1,
		buffer_len(&kex->our_init) - 1));
	return transport_end(t, &w);
}

enum sp_status
kex_start(struct transport *t)
{
	enum sp_status status;
	struct kex *kex;

	if (t->kex != NULL)
		return SP_OK;
	status = get_kex(t, &kex);
	return status == SP_OK ? send_init(t, kex) : status;
}

bool
kex_may_start(const struct transport *t)
{
	return t->is_trusted && !t->starts_no_kex && t->first_kex_done &&
	    t->kex == NULL;
}

uint64_t
kex_deadline(const struct transport *t)
{
	return t->kex == NULL || !t->first_kex_done ? 0 : t->kex->until;
}

static bool
is_due(const struct transport *t)
{
	return t->rx.bytes >= t->rekey_bytes || t->tx.bytes >= t->rekey_bytes ||
	    t->rx.packets >= REKEY_PACKETS || t->tx.packets >= REKEY_PACKETS ||
	    t->now >= t->rekey_at;
}

enum sp_status
kex_start_if_due(struct transport *t)
{
	if (!kex_may_start(t) || !is_due(t))
		return SP_OK;
	return kex_start(t);
}

/*
 * The markers count in the first KEXINIT only, and strict kex wants that
 * message to be the very first packet.
 */
static enum sp_status
read_markers(struct transport *t, const struct negotiation_lists *peers)
{
	bool is_client = t->role == SP_CLIENT;
	struct sp_view strict =
	    view_of_string(is_client ? "kex-strict-s-v00@openssh.com"
				     : "kex-strict-c-v00@openssh.com");
	struct sp_view ext_info =
	    view_of_string(is_client ? "ext-info-s" : "ext-info-c");

	if (t->first_kex_done)
		return SP_OK;
	t->peer_takes_ext_info = namelist_has(peers->kex, ext_info);
	t->is_strict = namelist_has(peers->kex, strict);
	if (t->is_strict && t->rx.packets != 1)
		return SP_ERR_STRICT_KEX;
	return SP_OK;
}

/* The whole payload: a handler's reader stands behind the number. */
static struct sp_view
whole_payload(const struct reader *r)
{
	return view_of(r->next - 1, r->left + 1);
}

/* Before anything is computed for the peer, and whoever began. */
static void
ask_for_exchange(struct transport *t)
{
	const struct kex_method *method = t->negotiated.method;
	struct sp_event *event;

	if (!t->asks_for_exchanges)
		return;
	event = event_push(&t->events, SP_EVENT_EXCHANGE);
	event->u.exchange.first = !t->first_kex_done;
	event->u.exchange.method = view_of_string(method->name);
	event->u.exchange.cost_us = method->cost_us;
	transport_ask(t, event);
}

/* The client speaks first; in a group exchange there is no group yet. */
static enum sp_status
begin_method(struct transport *t)
{
	const struct kex_method *method = t->negotiated.method;
	bool has_group = method->family != FAMILY_GEX;

	if (has_group)
		t->kex->agreement = method->agreement;
	if (t->role == SP_CLIENT)
		return has_group ? kexvalue_send_init(t)
				 : groupexchange_send_request(t);
	ask_for_exchange(t);
	return SP_OK;
}

enum sp_status
kex_receive_init(struct transport *t, struct reader *r)
{
	struct sp_view payload = whole_payload(r);
	struct negotiation_lists ours, peers;
	enum sp_status status;
	struct kex *kex;

	if (payload.len > LIMIT_KEXINIT)
		return SP_ERR_LIMIT;
	status = negotiation_read(payload, &peers);
	if (status != SP_OK)
		return status;
	status = read_markers(t, &peers);
	if (status != SP_OK)
		return status;
	status = get_kex(t, &kex);
	if (status != SP_OK)
		return status;
	if (buffer_len(&kex->our_init) == 0 &&
	    (status = send_init(t, kex)) != SP_OK)
		return status;
	status = buffer_append(&kex->peer_init, payload);
	if (status != SP_OK)
		return status;
	status = negotiation_read(buffer_view(&kex->our_init), &ours);
	if (status != SP_OK)
		return status;
	status = negotiation_choose(&ours, &peers, t->role, &t->negotiated);
	if (status != SP_OK)
		return status;
	kex->ignores_next = t->negotiated.guess_was_wrong;
	return begin_method(t);
}

enum sp_status
kex_compute_hash(struct transport *t)
{
	struct kex *kex = t->kex;
	bool is_client = t->role == SP_CLIENT;
	struct sp_view ours = view_of_string(t->our_identification);
	struct sp_view theirs = view_of_string(t->peer_identification);
	struct exchange x = {
		.method = view_of_string(t->negotiated.method->name),
		.client_identification = is_client ? ours : theirs,
		.server_identification = is_client ? theirs : ours,
		.client_kexinit =
		    buffer_view(is_client ? &kex->our_init : &kex->peer_init),
		.server_kexinit =
		    buffer_view(is_client ? &kex->peer_init : &kex->our_init),
		.host_key = buffer_view(&kex->host_key),
		.group = buffer_view(&kex->group),
		.client_value = buffer_view(&kex->client_value),
		.server_value = buffer_view(&kex->server_value),
		.shared = secret_view(&kex->shared),
	};
	enum sp_status status;

	status = exchange_hash(t->crypto, &x, kex->hash, &kex->hash_len);
	if (status != SP_OK || buffer_len(&t->session_id) > 0)
		return status;
	return buffer_append(&t->session_id, view_of(kex->hash, kex->hash_len));
}

enum sp_status
kex_send_newkeys(struct transport *t)
{
	bool is_first = !t->first_kex_done;
	struct keys next;
	enum sp_status status;
	struct writer w;

	/* Before anything is said: behind NEWKEYS nothing else will do. */
	status = keys_derive(t, CIPHER_SEAL, &next);
	if (status != SP_OK)
		return status;
	transport_begin(t, &w, SSH_MSG_NEWKEYS);
	status = transport_end(t, &w);
	if (status != SP_OK) {
		keys_free(&next);
		return status;
	}
	keys_use(t, &t->tx, &next);
	t->kex->sent_newkeys = true;
	if (is_first && t->peer_takes_ext_info) {
		status = extinfo_send(t);
		if (status != SP_OK)
			return status;
	}
	return transport_flush_held(t);
}

static struct sp_view
mac_name(const struct mac *mac)
{
	return mac == NULL ? view_of(NULL, 0) : view_of_string(mac->name);
}

/* Both sides are through: ours was sent before the peer's is read. */
static void
finish(struct transport *t)
{
	bool is_client = t->role == SP_CLIENT;
	struct sp_event *event = event_push(&t->events, SP_EVENT_KEX_DONE);
	const struct negotiation *n = &t->negotiated;
	struct cipher_suite in = is_client ? n->to_client : n->to_server;
	struct cipher_suite out = is_client ? n->to_server : n->to_client;

	event->u.kex.first = !t->first_kex_done;
	event->u.kex.method = view_of_string(n->method->name);
	event->u.kex.host_key_algorithm = view_of_string(n->host_key);
	event->u.kex.cipher_in = view_of_string(in.cipher->name);
	event->u.kex.cipher_out = view_of_string(out.cipher->name);
	event->u.kex.mac_in = mac_name(in.mac);
	event->u.kex.mac_out = mac_name(out.mac);
	event->u.kex.compression_in = view_of_string(
	    (is_client ? n->compression_to_client : n->compression_to_server)
		->name);
	event->u.kex.compression_out = view_of_string(
	    (is_client ? n->compression_to_server : n->compression_to_client)
		->name);
	event->u.kex.session_id = buffer_view(&t->session_id);
	if (!t->first_kex_done) {
		t->first_host_key = t->kex->host_key;
		buffer_init(&t->kex->host_key, LIMIT_KEY_BLOB);
	}
	t->first_kex_done = true;
	t->rekey_at = t->now + t->rekey_ms;
	kex_free(t->kex);
	t->kex = NULL;
}

enum sp_status
kex_receive_newkeys(struct transport *t, struct reader *r)
{
	enum sp_status status = reader_finish(r);
	struct keys next;

	if (status == SP_OK)
		status = keys_derive(t, CIPHER_OPEN, &next);
	if (status != SP_OK)
		return status;
	keys_use(t, &t->rx, &next);
	finish(t);
	return SP_OK;
}
