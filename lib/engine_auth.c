/* The public calls of the authentication protocol. */
#include "lib/engine.h"
#include "lib/userauth/hostbased.h"
#include "lib/userauth/keyboard.h"
#include "lib/userauth/password.h"
#include "lib/userauth/publickey.h"

/* An answer to the request, or to what came of its prompts. */
static enum sp_status
answered(struct sp_engine *e, sp_token token)
{
	struct transport *t = &e->transport;
	enum sp_event_kind kind = t->question_kind == SP_EVENT_AUTH_RESPONSE
	    ? SP_EVENT_AUTH_RESPONSE
	    : SP_EVENT_AUTH_REQUEST;

	return transport_answered(t, kind, token);
}

/* What it brought goes with the answer, which may have named some of it. */
static enum sp_status
done(struct sp_engine *e, enum sp_status status)
{
	userauth_forget_request(&e->userauth);
	return engine_settle(e, status);
}

enum sp_status
sp_auth_fail(struct sp_engine *e, sp_token token, const char *methods,
    bool partial_success)
{
	enum sp_status status;

	if (partial_success && !userauth_may_accept(&e->userauth))
		return SP_ERR_STATE;
	status = answered(e, token);
	if (status != SP_OK)
		return status;
	return done(e, userauth_fail(&e->userauth, methods, partial_success));
}

enum sp_status
sp_auth_key_ok(struct sp_engine *e, sp_token token)
{
	enum sp_status status;

	if (!e->userauth.request_is_query)
		return SP_ERR_STATE;
	status = answered(e, token);
	if (status != SP_OK)
		return status;
	return done(e, publickey_send_ok(&e->userauth));
}

enum sp_status
sp_auth_change_password(struct sp_engine *e, sp_token token, const char *prompt)
{
	enum sp_status status;

	if (!e->userauth.request_has_password)
		return SP_ERR_STATE;
	if (strlen(prompt) > LIMIT_PROMPT)
		return SP_ERR_LIMIT;
	status = answered(e, token);
	if (status != SP_OK)
		return status;
	return done(e, password_send_change(&e->userauth, prompt));
}

/* Small enough for the peer, which may be one of us. */
static bool
are_prompts_small(const char *name, const char *instruction,
    const struct sp_prompt *prompts, size_t count)
{
	size_t total = strlen(name) + strlen(instruction);

	if (strlen(name) > LIMIT_PROMPT || strlen(instruction) > LIMIT_PROMPT ||
	    count > LIMIT_PROMPTS)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (prompts[i].text.len > LIMIT_PROMPT)
			return false;
		total += prompts[i].text.len + 5;
	}
	return total < LIMIT_CHANNEL_PACKET;
}

enum sp_status
sp_auth_prompt(struct sp_engine *e, sp_token token, const char *name,
    const char *instruction, const struct sp_prompt *prompts, size_t count)
{
	enum sp_status status;

	if (!e->userauth.request_is_prompted || e->userauth.request_is_spoilt)
		return SP_ERR_STATE;
	if (!are_prompts_small(name, instruction, prompts, count))
		return SP_ERR_LIMIT;
	status = answered(e, token);
	if (status != SP_OK)
		return status;
	return done(e,
	    keyboard_send_prompts(
		&e->userauth, name, instruction, prompts, count));
}

enum sp_status
sp_auth_accept(struct sp_engine *e, sp_token token)
{
	enum sp_status status;

	if (e->connection == NULL || !userauth_may_accept(&e->userauth))
		return SP_ERR_STATE;
	status = answered(e, token);
	if (status != SP_OK)
		return status;
	return done(e, userauth_succeed(&e->userauth));
}

bool
sp_auth_next_response(struct sp_view *responses, struct sp_view *response)
{
	struct reader r;

	reader_init(&r, *responses);
	*response = reader_string(&r);
	*responses = reader_rest(&r);
	return !r.failed;
}

/* A call with an argument that does not fit fails alone. */
static enum sp_status
started(struct sp_engine *e, enum sp_status status)
{
	if (status == SP_ERR_STATE || status == SP_ERR_LIMIT)
		return status;
	return engine_settle(e, status);
}

static bool
is_authenticating(const struct sp_engine *e)
{
	const struct transport *t = &e->transport;

	return t->service[0] != '\0' && !t->is_trusted && !t->is_closed;
}

enum sp_status
sp_auth_banner(struct sp_engine *e, const char *message)
{
	if (e->transport.role != SP_SERVER || !is_authenticating(e))
		return SP_ERR_STATE;
	return started(e, userauth_send_banner(&e->userauth, message));
}

enum sp_status
sp_auth_none(struct sp_engine *e, const char *user)
{
	if (e->transport.role != SP_CLIENT || !is_authenticating(e))
		return SP_ERR_STATE;
	return started(e, userauth_send_none(&e->userauth, user));
}

enum sp_status
sp_auth_publickey(struct sp_engine *e, const char *user, const char *algorithm,
    struct sp_view key_blob, bool ask_first)
{
	if (e->transport.role != SP_CLIENT || !is_authenticating(e))
		return SP_ERR_STATE;
	return started(e,
	    publickey_send_request(
		&e->userauth, user, algorithm, key_blob, ask_first));
}

enum sp_status
sp_auth_password(struct sp_engine *e, const char *user, struct sp_view password,
    const struct sp_view *new_password)
{
	if (e->transport.role != SP_CLIENT || !is_authenticating(e))
		return SP_ERR_STATE;
	return started(e,
	    password_send_request(&e->userauth, user, password, new_password));
}

enum sp_status
sp_auth_keyboard_interactive(
    struct sp_engine *e, const char *user, const char *submethods)
{
	if (e->transport.role != SP_CLIENT || !is_authenticating(e))
		return SP_ERR_STATE;
	return started(
	    e, keyboard_send_request(&e->userauth, user, submethods));
}

enum sp_status
sp_auth_hostbased(struct sp_engine *e, const char *user, const char *algorithm,
    struct sp_view key_blob, const char *client_host, const char *client_user)
{
	const struct hostbased_claim claim = {
		.algorithm = view_of_string(algorithm),
		.key = key_blob,
		.host = view_of_string(client_host),
		.user = view_of_string(client_user),
	};

	if (e->transport.role != SP_CLIENT || !is_authenticating(e))
		return SP_ERR_STATE;
	return started(e, hostbased_send_request(&e->userauth, user, &claim));
}

bool
sp_auth_next_prompt(struct sp_view *prompts, struct sp_prompt *prompt)
{
	struct reader r;

	reader_init(&r, *prompts);
	prompt->text = reader_string(&r);
	prompt->echo = reader_bool(&r);
	*prompts = reader_rest(&r);
	return !r.failed;
}

enum sp_status
sp_auth_respond(struct sp_engine *e, sp_token token,
    const struct sp_view *responses, size_t count)
{
	struct transport *t = &e->transport;
	enum sp_status status;

	if (token == 0 || token != t->question)
		return SP_ERR_STALE_TOKEN;
	status = keyboard_check_responses(&e->userauth, responses, count);
	if (status != SP_OK)
		return status;
	status = transport_answered(t, SP_EVENT_AUTH_PROMPT, token);
	if (status != SP_OK)
		return status;
	return engine_settle(
	    e, keyboard_send_responses(&e->userauth, responses, count));
}

enum sp_status
sp_auth_signed(struct sp_engine *e, sp_token token, struct sp_view signature)
{
	enum sp_status status;

	status = transport_answered(&e->transport, SP_EVENT_AUTH_SIGN, token);
	if (status != SP_OK)
		return status;
	return engine_settle(e, userauth_signed(&e->userauth, signature));
}
