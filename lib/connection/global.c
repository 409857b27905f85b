/* GLOBAL_REQUEST and its replies. */
#include "lib/connection/global.h"

enum { NAME_MAX_LEN = 64 };

enum sp_status
global_send(struct connection *c, const struct form *form, const void *values,
    bool want_reply)
{
	enum sp_status status;
	struct writer w;

	if (want_reply && form->has_no_reply)
		return SP_ERR_ARGUMENT;
	transport_begin(c->transport, &w, SSH_MSG_GLOBAL_REQUEST);
	writer_cstring(&w, form->name);
	writer_bool(&w, want_reply);
	form_write(form, values, &w);
	status = transport_end(c->transport, &w);
	if (status == SP_OK && want_reply)
		c->global_awaited++;
	return status;
}

enum sp_status
global_receive_request(struct connection *c, struct reader *r)
{
	struct sp_view name = reader_string_max(r, NAME_MAX_LEN);
	bool want_reply = reader_bool(r);
	struct sp_view data = reader_rest(r);
	enum sp_status status = reader_finish(r);
	struct sp_event *event;

	if (status != SP_OK)
		return status;
	event = event_push(&c->transport->events, SP_EVENT_GLOBAL_REQUEST);
	event->u.global_request.name = name;
	event->u.global_request.data = data;
	if (want_reply) {
		event->token = transport_new_token(c->transport);
		reply_ask(&c->global_replies, event->token);
	}
	return SP_OK;
}

enum sp_status
global_answer(
    struct connection *c, sp_token token, bool success, struct sp_view data)
{
	enum sp_status status;
	struct reply *reply;
	struct writer w;

	if (data.len > LIMIT_CHANNEL_PACKET)
		return SP_ERR_ARGUMENT;
	status = reply_answer(&c->global_replies, token, success, data);
	while (status == SP_OK &&
	    (reply = reply_next(&c->global_replies)) != NULL) {
		bool was_success = reply->state == REPLY_SUCCESS;

		transport_begin(c->transport, &w,
		    was_success ? SSH_MSG_REQUEST_SUCCESS
				: SSH_MSG_REQUEST_FAILURE);
		if (was_success)
			writer_bytes(&w, buffer_view(&reply->data));
		status = transport_end(c->transport, &w);
		reply_drop(&c->global_replies);
	}
	return status;
}

static enum sp_status
receive_reply(struct connection *c, bool success, struct sp_view data)
{
	struct sp_event *event;

	if (c->global_awaited == 0)
		return SP_ERR_UNEXPECTED_MESSAGE;
	c->global_awaited--;
	event = event_push(&c->transport->events, SP_EVENT_GLOBAL_REPLY);
	event->u.global_reply.success = success;
	event->u.global_reply.data = data;
	return SP_OK;
}

enum sp_status
global_receive_success(struct connection *c, struct reader *r)
{
	return receive_reply(c, true, reader_rest(r));
}

enum sp_status
global_receive_failure(struct connection *c, struct reader *r)
{
	enum sp_status status = reader_finish(r);

	if (status != SP_OK)
		return status;
	return receive_reply(c, false, view_of(NULL, 0));
}
