/* CHANNEL_REQUEST and its replies. */
#include "lib/connection/request.h"

enum { NAME_MAX_LEN = 64 };

enum sp_status
request_send(struct connection *c, struct channel *channel,
    const struct form *form, const void *values, bool want_reply)
{
	enum sp_status status;
	struct writer w;

	if (channel->sent_close)
		return SP_ERR_CHANNEL;
	if (want_reply && form->has_no_reply)
		return SP_ERR_ARGUMENT;
	transport_begin(c->transport, &w, SSH_MSG_CHANNEL_REQUEST);
	writer_u32(&w, channel->peer_number);
	writer_cstring(&w, form->name);
	writer_bool(&w, want_reply);
	form_write(form, values, &w);
	status = transport_end(c->transport, &w);
	if (status == SP_OK && want_reply)
		channel->awaited++;
	return status;
}

enum sp_status
request_receive(struct connection *c, struct reader *r)
{
	struct channel *channel;
	enum sp_status status = channel_read_number(c, r, &channel);
	struct sp_event *event;
	struct sp_view name, data;
	bool want_reply;

	if (status != SP_OK)
		return status;
	name = reader_string_max(r, NAME_MAX_LEN);
	want_reply = reader_bool(r);
	data = reader_rest(r);
	status = reader_finish(r);
	if (status != SP_OK || channel->sent_close)
		return status;
	event = event_push(&c->transport->events, SP_EVENT_CHANNEL_REQUEST);
	event->channel = channel->number;
	event->u.channel_request.name = name;
	event->u.channel_request.data = data;
	if (want_reply) {
		event->token = transport_new_token(c->transport);
		reply_ask(&channel->replies, event->token);
	}
	return SP_OK;
}

static enum sp_status
send_replies(struct connection *c, struct channel *channel)
{
	enum sp_status status = SP_OK;
	struct reply *reply;
	struct writer w;

	while (status == SP_OK &&
	    (reply = reply_next(&channel->replies)) != NULL) {
		bool success = reply->state == REPLY_SUCCESS;

		reply_drop(&channel->replies);
		if (channel->sent_close)
			continue;
		transport_begin(c->transport, &w,
		    success ? SSH_MSG_CHANNEL_SUCCESS
			    : SSH_MSG_CHANNEL_FAILURE);
		writer_u32(&w, channel->peer_number);
		status = transport_end(c->transport, &w);
	}
	return status;
}

enum sp_status
request_answer(struct connection *c, sp_token token, bool success)
{
	for (uint32_t i = 0; i < c->max_channels; i++) {
		struct channel *channel = c->channels[i];
		enum sp_status status;

		if (channel == NULL)
			continue;
		status = reply_answer(
		    &channel->replies, token, success, view_of(NULL, 0));
		if (status == SP_ERR_STALE_TOKEN)
			continue;
		if (status == SP_OK)
			status = send_replies(c, channel);
		c->has_news = true; /* what waited for the answer */
		return status;
	}
	return SP_ERR_STALE_TOKEN;
}

static enum sp_status
receive_reply(struct connection *c, struct reader *r, bool success)
{
	struct channel *channel;
	enum sp_status status = channel_read_number(c, r, &channel);
	struct sp_event *event;

	if (status == SP_OK)
		status = reader_finish(r);
	if (status != SP_OK)
		return status;
	if (channel->awaited == 0)
		return SP_ERR_UNEXPECTED_MESSAGE;
	channel->awaited--;
	if (channel->sent_close)
		return SP_OK;
	event = event_push(&c->transport->events, SP_EVENT_CHANNEL_REPLY);
	event->channel = channel->number;
	event->u.channel_reply.success = success;
	return SP_OK;
}

enum sp_status
request_receive_success(struct connection *c, struct reader *r)
{
	return receive_reply(c, r, true);
}

enum sp_status
request_receive_failure(struct connection *c, struct reader *r)
{
	return receive_reply(c, r, false);
}
