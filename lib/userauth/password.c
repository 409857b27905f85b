/* A password in the packet, and the request to change it. */
#include "lib/userauth/password.h"

enum sp_status
password_read_request(
    struct userauth *u, struct reader *r, struct sp_event *event)
{
	bool is_change = reader_bool(r);
	struct sp_view password = reader_string_max(r, LIMIT_PASSWORD);
	struct sp_view fresh = view_of(NULL, 0);
	enum sp_status status;

	if (is_change)
		fresh = reader_string_max(r, LIMIT_PASSWORD);
	status = reader_finish(r);
	if (status != SP_OK)
		return status;
	u->request_has_password = true;
	event->u.auth_request.is_change = is_change;
	event->u.auth_request.password = password;
	event->u.auth_request.new_password = fresh;
	return SP_OK;
}

enum sp_status
password_send_change(struct userauth *u, const char *prompt)
{
	struct writer w;

	/* No failure, but not to be had for ever either. */
	if (++u->queries > LIMIT_KEY_QUERIES)
		return SP_ERR_AUTH_TRIES;
	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_PASSWD_CHANGEREQ);
	writer_cstring(&w, prompt);
	writer_cstring(&w, ""); /* language */
	return transport_end(u->transport, &w);
}

enum sp_status
password_send_request(struct userauth *u, const char *user,
    struct sp_view password, const struct sp_view *fresh)
{
	struct sp_view name = view_of_string(user);
	enum sp_status status = userauth_check_start(u, name);
	struct writer w;

	if (status != SP_OK)
		return status;
	if (password.len > LIMIT_PASSWORD ||
	    (fresh != NULL && fresh->len > LIMIT_PASSWORD))
		return SP_ERR_LIMIT;
	userauth_begin_request(u, &w, name, USERAUTH_METHOD_PASSWORD);
	writer_bool(&w, fresh != NULL);
	writer_string(&w, password);
	if (fresh != NULL)
		writer_string(&w, *fresh);
	status = transport_end(u->transport, &w);
	if (status == SP_OK)
		userauth_started(u, FAMILY_PASSWORD, USERAUTH_ANSWER);
	return status;
}

enum sp_status
password_receive_change(struct userauth *u, struct reader *r)
{
	struct sp_view prompt = reader_string_max(r, LIMIT_PROMPT);
	struct sp_view language = reader_string_max(r, LIMIT_LANGUAGE);
	enum sp_status status = reader_finish(r);
	struct sp_event *event;

	if (status != SP_OK)
		return status;
	if (u->awaiting != USERAUTH_ANSWER)
		return SP_ERR_UNEXPECTED_MESSAGE;
	u->awaiting = USERAUTH_NOTHING;
	u->family = FAMILY_NONE;
	event =
	    event_push(&u->transport->events, SP_EVENT_AUTH_CHANGE_PASSWORD);
	event->u.auth_change_password.prompt = prompt;
	event->u.auth_change_password.language = language;
	return SP_OK;
}
