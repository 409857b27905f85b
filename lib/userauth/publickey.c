/* Proving to hold a private key. */
#include "lib/userauth/publickey.h"

/* The fields of a request from its number to its signature (RFC 4252 7). */
static void
write_request(
    struct writer *w, const struct publickey_claim *claim, bool is_signed)
{
	bool is_bound = claim->host_key.len > 0;

	writer_string(w, claim->user);
	writer_string(w, claim->service);
	writer_cstring(w,
	    userauth_method_name(is_bound ? USERAUTH_METHOD_PUBLICKEY_BOUND
					  : USERAUTH_METHOD_PUBLICKEY));
	writer_bool(w, is_signed);
	writer_string(w, claim->algorithm);
	writer_string(w, claim->key);
	if (is_bound)
		writer_string(w, claim->host_key);
}

void
publickey_write_signed_data(struct writer *w, struct sp_view session_id,
    const struct publickey_claim *claim)
{
	writer_string(w, session_id);
	writer_u8(w, SSH_MSG_USERAUTH_REQUEST);
	write_request(w, claim, true);
}

/* What PK_OK repeats, kept by who asks and by who is asked. */
static enum sp_status
keep_query(struct userauth *u, struct sp_view algorithm, struct sp_view key)
{
	struct writer w;

	buffer_clear(&u->query);
	writer_init(&w, &u->query);
	writer_string(&w, algorithm);
	writer_string(&w, key);
	return writer_finish(&w);
}

/* What the signature of this request must be over. */
static enum sp_status
keep_signed_data(struct userauth *u, struct sp_event *event)
{
	const struct publickey_claim claim = {
		.user = event->u.auth_request.user,
		.service = event->u.auth_request.service,
		.algorithm = event->u.auth_request.key_algorithm,
		.key = event->u.auth_request.key,
		.host_key = event->u.auth_request.bound_to,
	};
	struct writer w;

	buffer_clear(&u->signed_data);
	writer_init(&w, &u->signed_data);
	publickey_write_signed_data(
	    &w, buffer_view(&u->transport->session_id), &claim);
	event->u.auth_request.signed_data = buffer_view(&u->signed_data);
	return writer_finish(&w);
}

static enum sp_status
read_request(
    struct userauth *u, struct reader *r, struct sp_event *event, bool is_bound)
{
	bool is_signed = reader_bool(r);
	struct sp_view algorithm = reader_string_max(r, LIMIT_METHOD);
	struct sp_view key = reader_string_max(r, LIMIT_KEY_BLOB);
	struct sp_view host_key =
	    is_bound ? reader_string_max(r, LIMIT_KEY_BLOB) : view_of(NULL, 0);
	struct sp_view signature =
	    is_signed ? reader_string(r) : view_of(NULL, 0);
	enum sp_status status = reader_finish(r);

	if (status != SP_OK)
		return status;
	/* Somebody in between, who has the user sign for another server. */
	if (is_bound &&
	    !view_equal(host_key, buffer_view(&u->transport->first_host_key)))
		return SP_ERR_AUTH_HOST_KEY;
	event->u.auth_request.method =
	    view_of_string(userauth_method_name(USERAUTH_METHOD_PUBLICKEY));
	event->u.auth_request.key_algorithm = algorithm;
	event->u.auth_request.key = key;
	event->u.auth_request.is_signed = is_signed;
	event->u.auth_request.signature = signature;
	event->u.auth_request.bound_to = host_key;
	if (is_signed)
		return keep_signed_data(u, event);
	u->request_is_query = true;
	u->request_is_free = true;
	if (++u->queries > LIMIT_KEY_QUERIES)
		return SP_ERR_AUTH_TRIES;
	return keep_query(u, algorithm, key);
}

enum sp_status
publickey_read_request(
    struct userauth *u, struct reader *r, struct sp_event *event)
{
	return read_request(u, r, event, false);
}

enum sp_status
publickey_read_bound_request(
    struct userauth *u, struct reader *r, struct sp_event *event)
{
	return read_request(u, r, event, true);
}

enum sp_status
publickey_send_ok(struct userauth *u)
{
	struct writer w;

	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_PK_OK);
	writer_bytes(&w, buffer_view(&u->query));
	return transport_end(u->transport, &w);
}

static enum sp_status
send_query(struct userauth *u, const struct publickey_claim *claim)
{
	enum sp_status status = keep_query(u, claim->algorithm, claim->key);
	struct writer w;

	if (status != SP_OK)
		return status;
	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_REQUEST);
	write_request(&w, claim, false);
	status = transport_end(u->transport, &w);
	if (status == SP_OK)
		userauth_started(u, FAMILY_PUBLICKEY, USERAUTH_KEY_ANSWER);
	return status;
}

/* Of the fields at the end of our copy, which lives as long as we ask. */
static struct sp_view
take_last(struct sp_view *request, size_t len)
{
	request->len -= len;
	return view_of(request->data + request->len, len);
}

static enum sp_status
ask_signature(struct userauth *u, const struct publickey_claim *claim)
{
	enum sp_status status;
	struct sp_view request, key, algorithm;
	struct writer w;

	buffer_clear(&u->request);
	writer_init(&w, &u->request);
	write_request(&w, claim, true);
	status = writer_finish(&w);
	if (status != SP_OK)
		return status;
	request = buffer_view(&u->request);
	if (claim->host_key.len > 0)
		take_last(&request, 4 + claim->host_key.len);
	key = take_last(&request, claim->key.len);
	take_last(&request, 4);
	algorithm = take_last(&request, claim->algorithm.len);
	return userauth_ask_signature(u, FAMILY_PUBLICKEY, algorithm, key);
}

enum sp_status
publickey_send_request(struct userauth *u, const char *user,
    const char *algorithm, struct sp_view key, bool ask_first)
{
	struct publickey_claim claim = {
		.user = view_of_string(user),
		.service = view_of_string(userauth_service),
		.algorithm = view_of_string(algorithm),
		.key = key,
	};
	enum sp_status status = userauth_check_start(u, claim.user);

	if (status != SP_OK)
		return status;
	if (claim.algorithm.len > LIMIT_METHOD || key.len > LIMIT_KEY_BLOB)
		return SP_ERR_LIMIT;
	if ((u->transport->extensions & EXTENSION_HOST_BOUND) != 0)
		claim.host_key = buffer_view(&u->transport->first_host_key);
	return ask_first ? send_query(u, &claim) : ask_signature(u, &claim);
}

/*
 * RFC 4252 7 has the server repeat the algorithm. Some repeat the key's type
 * instead, "ssh-rsa" for "rsa-sha2-256"; what we sign with stays our choice.
 */
static bool
names_key(struct sp_view algorithm, struct sp_view asked, struct sp_view key)
{
	struct reader r;

	reader_init(&r, key);
	return view_equal(algorithm, asked) ||
	    view_equal(algorithm, reader_string(&r));
}

enum sp_status
publickey_receive_ok(struct userauth *u, struct reader *r)
{
	struct sp_view algorithm = reader_string(r);
	struct sp_view key = reader_string(r);
	enum sp_status status = reader_finish(r);
	struct sp_view asked, asked_key;
	struct sp_event *event;
	struct reader query;

	if (status != SP_OK)
		return status;
	if (u->awaiting != USERAUTH_KEY_ANSWER)
		return SP_ERR_UNEXPECTED_MESSAGE;
	reader_init(&query, buffer_view(&u->query));
	asked = reader_string(&query);
	asked_key = reader_string(&query);
	/* Nor may it be about a key that was not asked about. */
	if (!view_equal(key, asked_key) || !names_key(algorithm, asked, key))
		return SP_ERR_UNEXPECTED_MESSAGE;
	u->awaiting = USERAUTH_NOTHING;
	event = event_push(&u->transport->events, SP_EVENT_AUTH_KEY_OK);
	event->u.auth_key_ok.key_algorithm = asked;
	event->u.auth_key_ok.key = asked_key;
	return SP_OK;
}
