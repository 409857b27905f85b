/* USERAUTH_REQUEST and its answers; the method "none". */
#include "lib/userauth/userauth.h"

#include "lib/userauth/publickey.h"

static const char connection[] = "ssh-connection";

void
userauth_init(struct userauth *u, struct transport *t, uint32_t max_tries)
{
	*u = (struct userauth){
		.transport = t,
		.max_tries = max_tries == 0 ? LIMIT_TRIES : max_tries,
	};
	buffer_init(&u->user, LIMIT_USER);
	buffer_init(&u->service, LIMIT_SERVICE);
	buffer_init(&u->query, LIMIT_PACKET);
	buffer_init(&u->signed_data, 2 * LIMIT_PACKET);
	buffer_init(&u->request, LIMIT_PACKET);
}

void
userauth_clear(struct userauth *u)
{
	buffer_clear(&u->user);
	buffer_clear(&u->service);
	buffer_clear(&u->query);
	buffer_clear(&u->signed_data);
	buffer_clear(&u->request);
}

/*
 * RFC 4252 5 lets user and service change between requests, which must
 * then forget all success so far. We end the connection instead.
 */
static enum sp_status
keep_user(struct userauth *u, struct sp_view user, struct sp_view service)
{
	enum sp_status status;

	if (u->had_partial_success &&
	    (!view_equal(user, buffer_view(&u->user)) ||
		!view_equal(service, buffer_view(&u->service))))
		return SP_ERR_AUTH_CHANGED;
	buffer_clear(&u->user);
	buffer_clear(&u->service);
	status = buffer_append(&u->user, user);
	return status == SP_OK ? buffer_append(&u->service, service) : status;
}

enum sp_status
userauth_receive_request(struct userauth *u, struct reader *r)
{
	struct transport *t = u->transport;
	struct sp_event *event;
	struct sp_view user, service, method;
	enum sp_status status;

	/* RFC 4252 5.3: what comes after SUCCESS is ignored. */
	if (t->is_trusted)
		return SP_OK;
	user = reader_string_max(r, LIMIT_USER);
	service = reader_string_max(r, LIMIT_SERVICE);
	method = reader_string_max(r, LIMIT_METHOD);
	if (r->failed)
		return SP_ERR_FORMAT;
	if (!view_equal_string(service, connection))
		return SP_ERR_SERVICE;
	status = keep_user(u, user, service);
	if (status != SP_OK)
		return status;

	/* Every client begins with "none", to learn what there is. */
	u->request_is_free =
	    !u->had_request && view_equal_string(method, "none");
	u->had_request = true;
	event = event_push(&t->events, SP_EVENT_AUTH_REQUEST);
	event->u.auth_request.user = user;
	event->u.auth_request.service = service;
	event->u.auth_request.method = method;
	u->request_is_query = false;
	if (view_equal_string(method, "publickey"))
		status = publickey_read_request(u, r, event);
	else if (view_equal_string(method, "none"))
		status = reader_finish(r);
	/* Another method's fields are its own: the owner refuses it. */
	if (status == SP_OK)
		transport_ask(t, event);
	else
		event_drop_last(&t->events);
	return status;
}

enum sp_status
userauth_fail(struct userauth *u, const char *methods, bool partial_success)
{
	struct writer w;

	if (partial_success)
		u->had_partial_success = true;
	else if (!u->request_is_free && ++u->tries >= u->max_tries)
		return SP_ERR_AUTH_TRIES;
	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_FAILURE);
	writer_cstring(&w, methods);
	writer_bool(&w, partial_success);
	return transport_end(u->transport, &w);
}

enum sp_status
userauth_succeed(struct userauth *u)
{
	struct transport *t = u->transport;
	enum sp_status status;
	struct writer w;

	transport_begin(t, &w, SSH_MSG_USERAUTH_SUCCESS);
	status = transport_end(t, &w);
	if (status != SP_OK)
		return status;
	event_push(&t->events, SP_EVENT_AUTHENTICATED);
	userauth_clear(u);
	return transport_trust(t);
}

enum sp_status
userauth_send_banner(struct userauth *u, const char *message)
{
	struct writer w;

	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_BANNER);
	writer_cstring(&w, message);
	writer_cstring(&w, ""); /* language */
	return transport_end(u->transport, &w);
}

enum sp_status
userauth_send_none(struct userauth *u, const char *user)
{
	enum sp_status status;
	struct writer w;

	if (u->awaiting != USERAUTH_NOTHING)
		return SP_ERR_STATE;
	if (strlen(user) > LIMIT_USER)
		return SP_ERR_LIMIT;
	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_REQUEST);
	writer_cstring(&w, user);
	writer_cstring(&w, connection);
	writer_cstring(&w, "none");
	status = transport_end(u->transport, &w);
	if (status == SP_OK)
		u->awaiting = USERAUTH_ANSWER;
	return status;
}

enum sp_status
userauth_receive_failure(struct userauth *u, struct reader *r)
{
	struct sp_view methods = reader_namelist(r);
	bool partial_success = reader_bool(r);
	enum sp_status status = reader_finish(r);
	struct sp_event *event;

	if (status != SP_OK)
		return status;
	if (u->awaiting == USERAUTH_NOTHING ||
	    u->awaiting == USERAUTH_SIGNATURE)
		return SP_ERR_UNEXPECTED_MESSAGE;
	u->awaiting = USERAUTH_NOTHING;
	u->family = FAMILY_NONE;
	event = event_push(&u->transport->events, SP_EVENT_AUTH_FAILED);
	event->u.auth_failed.methods = methods;
	event->u.auth_failed.partial_success = partial_success;
	return SP_OK;
}

enum sp_status
userauth_receive_success(struct userauth *u, struct reader *r)
{
	enum sp_status status = reader_finish(r);
	struct transport *t = u->transport;

	if (status != SP_OK)
		return status;
	if (u->awaiting != USERAUTH_ANSWER)
		return SP_ERR_UNEXPECTED_MESSAGE;
	u->awaiting = USERAUTH_NOTHING;
	u->family = FAMILY_NONE;
	event_push(&t->events, SP_EVENT_AUTHENTICATED);
	userauth_clear(u);
	return transport_trust(t);
}

enum sp_status
userauth_receive_banner(struct userauth *u, struct reader *r)
{
	struct sp_view message = reader_string(r);
	struct sp_view language = reader_string(r);
	enum sp_status status = reader_finish(r);
	struct sp_event *event;

	if (status != SP_OK)
		return status;
	event = event_push(&u->transport->events, SP_EVENT_AUTH_BANNER);
	event->u.banner.message = message;
	event->u.banner.language = language;
	return SP_OK;
}
