/* USERAUTH_REQUEST and its answers; the method "none". */
#include "lib/userauth/userauth.h"

#include "lib/userauth/hostbased.h"
#include "lib/userauth/keyboard.h"
#include "lib/userauth/password.h"
#include "lib/userauth/publickey.h"

#include <openssl/crypto.h>

const char userauth_service[] = "ssh-connection";

typedef enum sp_status
read_function(struct userauth *, struct reader *, struct sp_event *);

static enum sp_status
userauth_read_none(struct userauth *u, struct reader *r, struct sp_event *event)
{
	(void)u;
	(void)event;
	return reader_finish(r);
}

static const struct method {
	const char *name;
	read_function *read; /* what stands behind the name */
} method_rows[USERAUTH_METHODS] = {
#define METHOD(name, text, forms, read) \
	[USERAUTH_METHOD_##name] = { text, read },
#include "lib/userauth/method.def"
#undef METHOD
};

const char *
userauth_method_name(enum userauth_method method)
{
	return method_rows[method].name;
}

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

/* ---- server ---- */

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

/*
 * RFC 4256 3.1: a new request takes the place of the one with prompts,
 * which counts as failed: to be asked again and again is not free.
 */
static enum sp_status
drop_prompts(struct userauth *u)
{
	if (u->family != FAMILY_KEYBOARD)
		return SP_OK;
	u->family = FAMILY_NONE;
	u->prompts = 0;
	if (++u->tries >= u->max_tries)
		return SP_ERR_AUTH_TRIES;
	event_push(&u->transport->events, SP_EVENT_AUTH_ABORTED);
	return SP_OK;
}

/* Every client begins with "none", to learn what there is. */
static void
start_request(struct userauth *u, struct sp_view method)
{
	u->request_is_free = !u->had_request &&
	    view_equal_string(method, method_rows[USERAUTH_METHOD_NONE].name);
	u->had_request = true;
	u->request_is_query = false;
	u->request_has_password = false;
	u->request_is_prompted = false;
	u->request_is_spoilt = false;
}

/* An unknown method's fields are its own: the owner refuses it. */
static enum sp_status
read_method(struct userauth *u, struct reader *r, struct sp_event *event)
{
	struct sp_view name = event->u.auth_request.method;

	for (size_t i = 0; i < USERAUTH_METHODS; i++) {
		if (view_equal_string(name, method_rows[i].name))
			return method_rows[i].read(u, r, event);
	}
	u->request_is_spoilt = true;
	return SP_OK;
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
	if (!view_equal_string(service, userauth_service))
		return SP_ERR_SERVICE;
	status = keep_user(u, user, service);
	if (status != SP_OK)
		return status;
	status = drop_prompts(u);
	if (status != SP_OK)
		return status;
	start_request(u, method);
	event = event_push(&t->events, SP_EVENT_AUTH_REQUEST);
	event->u.auth_request.user = user;
	event->u.auth_request.service = service;
	event->u.auth_request.method = method;
	status = read_method(u, r, event);
	if (status == SP_OK)
		transport_ask(t, event);
	else
		event_drop_last(&t->events);
	return status;
}

bool
userauth_may_accept(const struct userauth *u)
{
	return !u->request_is_query && !u->request_is_spoilt;
}

void
userauth_forget_request(struct userauth *u)
{
	struct transport *t = u->transport;

	/* It is the packet opened last, at the front of the input. */
	if (t->opened > 0)
		OPENSSL_cleanse(t->in.data + t->in.start, t->opened);
	/* A stranger holds no more than one request brings. */
	buffer_clear(&u->query);
	buffer_clear(&u->signed_data);
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

/* ---- client ---- */

enum sp_status
userauth_check_start(const struct userauth *u, struct sp_view user)
{
	bool is_prompting = u->awaiting == USERAUTH_RESPONSES;

	if (u->awaiting != USERAUTH_NOTHING && !is_prompting)
		return SP_ERR_STATE;
	if (u->transport->question != 0 && !is_prompting)
		return SP_ERR_STATE;
	return user.len > LIMIT_USER ? SP_ERR_LIMIT : SP_OK;
}

void
userauth_started(struct userauth *u, enum message_family family,
    enum userauth_awaiting awaiting)
{
	/* It may have come in the place of answers to prompts. */
	if (u->awaiting == USERAUTH_RESPONSES)
		u->transport->question = 0;
	u->family = family;
	u->awaiting = awaiting;
}

void
userauth_begin_request(struct userauth *u, struct writer *w,
    struct sp_view user, enum userauth_method method)
{
	transport_begin(u->transport, w, SSH_MSG_USERAUTH_REQUEST);
	writer_string(w, user);
	writer_cstring(w, userauth_service);
	writer_cstring(w, userauth_method_name(method));
}

void
userauth_write_signed_data(
    struct writer *w, struct sp_view session_id, struct sp_view request)
{
	writer_string(w, session_id);
	writer_u8(w, SSH_MSG_USERAUTH_REQUEST);
	writer_bytes(w, request);
}

enum sp_status
userauth_ask_signature(struct userauth *u, enum message_family family,
    struct sp_view algorithm, struct sp_view key)
{
	struct transport *t = u->transport;
	enum sp_status status;
	struct sp_event *event;
	struct writer w;

	buffer_clear(&u->signed_data);
	writer_init(&w, &u->signed_data);
	userauth_write_signed_data(
	    &w, buffer_view(&t->session_id), buffer_view(&u->request));
	status = writer_finish(&w);
	if (status != SP_OK)
		return status;
	userauth_started(u, family, USERAUTH_SIGNATURE);
	event = event_push(&t->events, SP_EVENT_AUTH_SIGN);
	event->u.auth_sign.key_algorithm = algorithm;
	event->u.auth_sign.key = key;
	event->u.auth_sign.data = buffer_view(&u->signed_data);
	transport_ask(t, event);
	return SP_OK;
}

enum sp_status
userauth_signed(struct userauth *u, struct sp_view signature)
{
	struct writer w;

	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_REQUEST);
	writer_bytes(&w, buffer_view(&u->request));
	writer_string(&w, signature);
	u->awaiting = USERAUTH_ANSWER;
	return transport_end(u->transport, &w);
}

enum sp_status
userauth_send_none(struct userauth *u, const char *user)
{
	struct sp_view name = view_of_string(user);
	enum sp_status status = userauth_check_start(u, name);
	struct writer w;

	if (status != SP_OK)
		return status;
	userauth_begin_request(u, &w, name, USERAUTH_METHOD_NONE);
	status = transport_end(u->transport, &w);
	if (status == SP_OK)
		userauth_started(u, FAMILY_NONE, USERAUTH_ANSWER);
	return status;
}

/* Whether the server has something to answer. */
static bool
awaits_answer(const struct userauth *u)
{
	return u->awaiting == USERAUTH_ANSWER ||
	    u->awaiting == USERAUTH_KEY_ANSWER;
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
	if (!awaits_answer(u))
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
