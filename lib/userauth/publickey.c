/* Proving to hold a private key. */
#include "lib/userauth/publickey.h"

/* The fields of a request from its number to the key (RFC 4252 7). */
static void
write_request(struct writer *w, struct sp_view user, struct sp_view service,
    bool is_signed, struct sp_view algorithm, struct sp_view key)
{
	writer_string(w, user);
	writer_string(w, service);
	writer_cstring(w, "publickey");
	writer_bool(w, is_signed);
	writer_string(w, algorithm);
	writer_string(w, key);
}

void
publickey_write_signed_data(struct writer *w, struct sp_view session_id,
    struct sp_view user, struct sp_view service, struct sp_view algorithm,
    struct sp_view key)
{
	writer_string(w, session_id);
	writer_u8(w, SSH_MSG_USERAUTH_REQUEST);
	write_request(w, user, service, true, algorithm, key);
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

enum sp_status
publickey_read_request(
    struct userauth *u, struct reader *r, struct sp_event *event)
{
	bool is_signed = reader_bool(r);
	struct sp_view algorithm = reader_string_max(r, LIMIT_METHOD);
	struct sp_view key = reader_string_max(r, LIMIT_KEY_BLOB);
	struct sp_view signature =
	    is_signed ? reader_string(r) : view_of(NULL, 0);
	enum sp_status status = reader_finish(r);
	struct writer w;

	if (status != SP_OK)
		return status;
	event->u.auth_request.key_algorithm = algorithm;
	event->u.auth_request.key = key;
	event->u.auth_request.is_signed = is_signed;
	event->u.auth_request.signature = signature;
	if (!is_signed) {
		u->request_is_query = true;
		u->request_is_free = true;
		if (++u->queries > LIMIT_KEY_QUERIES)
			return SP_ERR_AUTH_TRIES;
		return keep_query(u, algorithm, key);
	}
	buffer_clear(&u->signed_data);
	writer_init(&w, &u->signed_data);
	publickey_write_signed_data(&w, buffer_view(&u->transport->session_id),
	    event->u.auth_request.user, event->u.auth_request.service,
	    algorithm, key);
	event->u.auth_request.signed_data = buffer_view(&u->signed_data);
	return writer_finish(&w);
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
send_query(struct userauth *u, struct sp_view user, struct sp_view algorithm,
    struct sp_view key)
{
	enum sp_status status = keep_query(u, algorithm, key);
	struct writer w;

	if (status != SP_OK)
		return status;
	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_REQUEST);
	write_request(
	    &w, user, view_of_string(userauth_service), false, algorithm, key);
	status = transport_end(u->transport, &w);
	if (status == SP_OK)
		userauth_started(u, FAMILY_PUBLICKEY, USERAUTH_KEY_ANSWER);
	return status;
}

static enum sp_status
ask_signature(struct userauth *u, struct sp_view user, struct sp_view algorithm,
    struct sp_view key)
{
	enum sp_status status;
	struct sp_view request;
	struct writer w;

	buffer_clear(&u->request);
	writer_init(&w, &u->request);
	write_request(
	    &w, user, view_of_string(userauth_service), true, algorithm, key);
	status = writer_finish(&w);
	if (status != SP_OK)
		return status;
	/* Views of our copy, which lives as long as the question: its end. */
	request = buffer_view(&u->request);
	key = view_of(request.data + request.len - key.len, key.len);
	algorithm = view_of(key.data - 4 - algorithm.len, algorithm.len);
	return userauth_ask_signature(u, FAMILY_PUBLICKEY, algorithm, key);
}

enum sp_status
publickey_send_request(struct userauth *u, const char *user,
    const char *algorithm, struct sp_view key, bool ask_first)
{
	struct sp_view name = view_of_string(user);
	struct sp_view alg = view_of_string(algorithm);
	enum sp_status status = userauth_check_start(u, name);

	if (status != SP_OK)
		return status;
	if (alg.len > LIMIT_METHOD || key.len > LIMIT_KEY_BLOB)
		return SP_ERR_LIMIT;
	return ask_first ? send_query(u, name, alg, key)
			 : ask_signature(u, name, alg, key);
}

enum sp_status
publickey_receive_ok(struct userauth *u, struct reader *r)
{
	struct sp_view body = view_of(r->next, r->left);
	struct sp_view algorithm = reader_string(r);
	struct sp_view key = reader_string(r);
	enum sp_status status = reader_finish(r);
	struct sp_event *event;

	if (status != SP_OK)
		return status;
	/* Nor may it be about a key that was not asked about. */
	if (u->awaiting != USERAUTH_KEY_ANSWER ||
	    !view_equal(body, buffer_view(&u->query)))
		return SP_ERR_UNEXPECTED_MESSAGE;
	u->awaiting = USERAUTH_NOTHING;
	event = event_push(&u->transport->events, SP_EVENT_AUTH_KEY_OK);
	event->u.auth_key_ok.key_algorithm = algorithm;
	event->u.auth_key_ok.key = key;
	return SP_OK;
}
