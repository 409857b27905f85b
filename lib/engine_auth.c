/* The public calls of the authentication protocol. */
#include "lib/engine.h"
#include "lib/userauth/publickey.h"

static enum sp_status
answered(struct sp_engine *e, sp_token token)
{
	return transport_answered(&e->transport, SP_EVENT_AUTH_REQUEST, token);
}

enum sp_status
sp_auth_fail(struct sp_engine *e, sp_token token, const char *methods,
    bool partial_success)
{
	enum sp_status status;

	status = answered(e, token);
	if (status != SP_OK)
		return status;
	return engine_settle(
	    e, userauth_fail(&e->userauth, methods, partial_success));
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
	return engine_settle(e, publickey_send_ok(&e->userauth));
}

enum sp_status
sp_auth_accept(struct sp_engine *e, sp_token token)
{
	enum sp_status status;

	if (e->connection == NULL || e->userauth.request_is_query)
		return SP_ERR_STATE;
	status = answered(e, token);
	if (status != SP_OK)
		return status;
	return engine_settle(e, userauth_succeed(&e->userauth));
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
sp_auth_signed(struct sp_engine *e, sp_token token, struct sp_view signature)
{
	enum sp_status status;

	status = transport_answered(&e->transport, SP_EVENT_AUTH_SIGN, token);
	if (status != SP_OK)
		return status;
	return engine_settle(e, publickey_signed(&e->userauth, signature));
}
