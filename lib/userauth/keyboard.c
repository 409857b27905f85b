/* Rounds of prompts and responses. */
#include "lib/userauth/keyboard.h"

/* ---- server ---- */

enum sp_status
keyboard_read_request(
    struct userauth *u, struct reader *r, struct sp_event *event)
{
	struct sp_view language = reader_string_max(r, LIMIT_LANGUAGE);
	struct sp_view submethods = reader_string_max(r, LIMIT_SUBMETHODS);
	enum sp_status status = reader_finish(r);

	if (status != SP_OK)
		return status;
	u->request_is_prompted = true;
	event->u.auth_request.language = language;
	event->u.auth_request.submethods = submethods;
	return SP_OK;
}

enum sp_status
keyboard_send_prompts(struct userauth *u, const char *name,
    const char *instruction, const struct sp_prompt *prompts, size_t count)
{
	enum sp_status status;
	struct writer w;

	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_INFO_REQUEST);
	writer_cstring(&w, name);
	writer_cstring(&w, instruction);
	writer_cstring(&w, ""); /* language */
	writer_u32(&w, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		writer_string(&w, prompts[i].text);
		writer_bool(&w, prompts[i].echo);
	}
	status = transport_end(u->transport, &w);
	if (status != SP_OK)
		return status;
	u->family = FAMILY_KEYBOARD;
	u->prompts = (uint32_t)count;
	return SP_OK;
}

/* All of them, so that nothing is left to fail when they are taken apart. */
static enum sp_status
check_responses(struct reader *r, uint32_t count)
{
	if (count > LIMIT_PROMPTS)
		return SP_ERR_FORMAT;
	for (uint32_t i = 0; i < count; i++)
		reader_string_max(r, LIMIT_PASSWORD);
	return reader_finish(r);
}

enum sp_status
keyboard_receive_responses(struct userauth *u, struct reader *r)
{
	uint32_t count = reader_u32(r);
	struct sp_view responses = view_of(r->next, r->left);
	enum sp_status status = check_responses(r, count);
	struct sp_event *event;

	if (status != SP_OK)
		return status;
	/* RFC 4256 3.4 wants a failure where the numbers differ. */
	u->request_is_spoilt = count != u->prompts;
	u->family = FAMILY_NONE;
	event = event_push(&u->transport->events, SP_EVENT_AUTH_RESPONSE);
	event->u.auth_response.is_complete = !u->request_is_spoilt;
	event->u.auth_response.count = u->request_is_spoilt ? 0 : count;
	if (!u->request_is_spoilt)
		event->u.auth_response.responses = responses;
	u->prompts = 0;
	transport_ask(u->transport, event);
	return SP_OK;
}

/* ---- client ---- */

enum sp_status
keyboard_send_request(
    struct userauth *u, const char *user, const char *submethods)
{
	struct sp_view name = view_of_string(user);
	enum sp_status status = userauth_check_start(u, name);
	struct writer w;

	if (status != SP_OK)
		return status;
	if (strlen(submethods) > LIMIT_SUBMETHODS)
		return SP_ERR_LIMIT;
	userauth_begin_request(u, &w, name, USERAUTH_METHOD_KEYBOARD);
	writer_cstring(&w, ""); /* language */
	writer_cstring(&w, submethods);
	status = transport_end(u->transport, &w);
	if (status == SP_OK)
		userauth_started(u, FAMILY_KEYBOARD, USERAUTH_ANSWER);
	return status;
}

static enum sp_status
check_prompts(struct reader *r, uint32_t count)
{
	if (count > LIMIT_PROMPTS)
		return SP_ERR_FORMAT;
	for (uint32_t i = 0; i < count; i++) {
		reader_string_max(r, LIMIT_PROMPT);
		reader_bool(r);
	}
	return reader_finish(r);
}

enum sp_status
keyboard_receive_prompts(struct userauth *u, struct reader *r)
{
	struct sp_view name = reader_string_max(r, LIMIT_PROMPT);
	struct sp_view instruction = reader_string_max(r, LIMIT_PROMPT);
	struct sp_view language = reader_string_max(r, LIMIT_LANGUAGE);
	uint32_t count = reader_u32(r);
	struct sp_view prompts = view_of(r->next, r->left);
	enum sp_status status = check_prompts(r, count);
	struct sp_event *event;

	if (status != SP_OK)
		return status;
	if (u->awaiting != USERAUTH_ANSWER)
		return SP_ERR_UNEXPECTED_MESSAGE;
	u->awaiting = USERAUTH_RESPONSES;
	u->prompts = count;
	event = event_push(&u->transport->events, SP_EVENT_AUTH_PROMPT);
	event->u.auth_prompt.name = name;
	event->u.auth_prompt.instruction = instruction;
	event->u.auth_prompt.language = language;
	event->u.auth_prompt.count = count;
	event->u.auth_prompt.prompts = prompts;
	transport_ask(u->transport, event);
	return SP_OK;
}

enum sp_status
keyboard_check_responses(
    const struct userauth *u, const struct sp_view *responses, size_t count)
{
	if (count != u->prompts)
		return SP_ERR_ARGUMENT;
	for (size_t i = 0; i < count; i++) {
		if (responses[i].len > LIMIT_PASSWORD)
			return SP_ERR_LIMIT;
	}
	return SP_OK;
}

enum sp_status
keyboard_send_responses(
    struct userauth *u, const struct sp_view *responses, size_t count)
{
	struct writer w;

	transport_begin(u->transport, &w, SSH_MSG_USERAUTH_INFO_RESPONSE);
	writer_u32(&w, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		writer_string(&w, responses[i]);
	u->awaiting = USERAUTH_ANSWER;
	return transport_end(u->transport, &w);
}
