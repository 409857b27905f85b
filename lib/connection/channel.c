/* Channels opened, ended and found again. */
#include "lib/connection/channel.h"

#include "lib/connection/connection.h"

#include <stdlib.h>

enum {
	/* RFC 4254 5.1 */
	OPEN_PROHIBITED = 1,
	OPEN_RESOURCE_SHORTAGE = 4,
	NAME_MAX_LEN = 64,
};

struct channel *
channel_find(struct connection *c, uint32_t number)
{
	return number < c->max_channels ? c->channels[number] : NULL;
}

/* A fresh one with a number of ours; NULL without room or memory. */
static struct channel *
channel_new(struct connection *c, enum channel_state state)
{
	struct channel *channel;
	uint32_t number = 0;

	while (number < c->max_channels && c->channels[number] != NULL)
		number++;
	if (number == c->max_channels)
		return NULL;
	channel = calloc(1, sizeof *channel);
	if (channel == NULL)
		return NULL;
	channel->number = number;
	channel->state = state;
	channel->window = c->window_initial;
	channel->window_size = c->window_initial;
	channel->known = c->window_initial;
	for (size_t q = 0; q < CHANNEL_QUEUES; q++)
		buffer_init(&channel->queues[q], c->window_max);
	c->channels[number] = channel;
	return channel;
}

void
channel_free(struct connection *c, struct channel *channel)
{
	if (c->pending == channel)
		c->pending = NULL;
	if (c->reserved == channel)
		c->reserved = NULL;
	for (size_t q = 0; q < CHANNEL_QUEUES; q++)
		buffer_clear(&channel->queues[q]);
	reply_clear(&channel->replies);
	c->channels[channel->number] = NULL;
	free(channel);
}

enum sp_status
channel_read_number(
    struct connection *c, struct reader *r, struct channel **channel)
{
	uint32_t number = reader_u32(r);

	if (r->failed)
		return SP_ERR_FORMAT;
	*channel = channel_find(c, number);
	if (*channel == NULL || (*channel)->state != CHANNEL_OPEN ||
	    (*channel)->got_close)
		return SP_ERR_CHANNEL;
	return SP_OK;
}

/* ---- opening ---- */

enum sp_status
channel_send_open(struct connection *c, const struct form *form,
    const void *values, uint32_t *number)
{
	struct channel *channel = channel_new(c, CHANNEL_WANTED);
	enum sp_status status;
	struct writer w;

	if (channel == NULL)
		return SP_ERR_LIMIT;
	transport_begin(c->transport, &w, SSH_MSG_CHANNEL_OPEN);
	writer_cstring(&w, form->name);
	writer_u32(&w, channel->number);
	writer_u32(&w, channel->window);
	writer_u32(&w, LIMIT_CHANNEL_PACKET);
	form_write(form, values, &w);
	status = transport_end(c->transport, &w);
	if (status == SP_OK)
		*number = channel->number;
	else
		channel_free(c, channel);
	return status;
}

static enum sp_status
send_open_failure(struct connection *c, uint32_t peer_number, uint32_t reason,
    const char *description)
{
	struct writer w;

	transport_begin(c->transport, &w, SSH_MSG_CHANNEL_OPEN_FAILURE);
	writer_u32(&w, peer_number);
	writer_u32(&w, reason);
	writer_cstring(&w, description);
	writer_cstring(&w, ""); /* language */
	return transport_end(c->transport, &w);
}

enum sp_status
channel_receive_open(struct connection *c, struct reader *r)
{
	struct sp_view type = reader_string_max(r, NAME_MAX_LEN);
	uint32_t peer_number = reader_u32(r);
	uint32_t peer_window = reader_u32(r);
	uint32_t peer_packet = reader_u32(r);
	struct sp_view data = reader_rest(r);
	struct channel *channel;
	struct sp_event *event;

	if (reader_finish(r) != SP_OK || peer_packet == 0)
		return SP_ERR_FORMAT;
	/* RFC 4254 6.1: a client gives nobody a shell. */
	if (c->transport->role == SP_CLIENT &&
	    view_equal_string(type, "session"))
		return send_open_failure(c, peer_number, OPEN_PROHIBITED,
		    "a client opens no sessions");
	channel = channel_new(c, CHANNEL_ASKED);
	if (channel == NULL)
		return send_open_failure(c, peer_number, OPEN_RESOURCE_SHORTAGE,
		    "too many channels");
	channel->peer_number = peer_number;
	channel->peer_window = peer_window;
	channel->peer_packet = peer_packet;
	channel->token = transport_new_token(c->transport);
	event = event_push(&c->transport->events, SP_EVENT_CHANNEL_OPEN);
	event->token = channel->token;
	event->channel = channel->number;
	event->u.channel_open.type = type;
	event->u.channel_open.data = data;
	return SP_OK;
}

/* The channel the peer waits for, by the token of its question. */
static struct channel *
find_asked(struct connection *c, sp_token token)
{
	for (uint32_t i = 0; i < c->max_channels; i++)
		if (c->channels[i] != NULL &&
		    c->channels[i]->state == CHANNEL_ASKED &&
		    c->channels[i]->token == token)
			return c->channels[i];
	return NULL;
}

enum sp_status
channel_accept(struct connection *c, sp_token token)
{
	struct channel *channel = find_asked(c, token);
	struct writer w;

	if (channel == NULL)
		return SP_ERR_STALE_TOKEN;
	channel->state = CHANNEL_OPEN;
	transport_begin(c->transport, &w, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	writer_u32(&w, channel->peer_number);
	writer_u32(&w, channel->number);
	writer_u32(&w, channel->window);
	writer_u32(&w, LIMIT_CHANNEL_PACKET);
	return transport_end(c->transport, &w);
}

enum sp_status
channel_refuse(struct connection *c, sp_token token, uint32_t reason,
    const char *description)
{
	struct channel *channel = find_asked(c, token);
	uint32_t peer_number;

	if (channel == NULL)
		return SP_ERR_STALE_TOKEN;
	peer_number = channel->peer_number;
	channel_free(c, channel);
	return send_open_failure(c, peer_number, reason, description);
}

/* The channel we asked for that an answer is about. */
static enum sp_status
read_wanted(struct connection *c, struct reader *r, struct channel **channel)
{
	uint32_t number = reader_u32(r);

	if (r->failed)
		return SP_ERR_FORMAT;
	*channel = channel_find(c, number);
	if (*channel == NULL || (*channel)->state != CHANNEL_WANTED)
		return SP_ERR_CHANNEL;
	return SP_OK;
}

enum sp_status
channel_receive_open_confirmation(struct connection *c, struct reader *r)
{
	struct channel *channel;
	enum sp_status status = read_wanted(c, r, &channel);

	if (status != SP_OK)
		return status;
	channel->peer_number = reader_u32(r);
	channel->peer_window = reader_u32(r);
	channel->peer_packet = reader_u32(r);
	reader_rest(r); /* what a type may add; none of ours does */
	status = reader_finish(r);
	if (status != SP_OK || channel->peer_packet == 0)
		return SP_ERR_FORMAT;
	channel->state = CHANNEL_OPEN;
	event_push(&c->transport->events, SP_EVENT_CHANNEL_CONFIRMED)->channel =
	    channel->number;
	return SP_OK;
}

enum sp_status
channel_receive_open_failure(struct connection *c, struct reader *r)
{
	struct channel *channel;
	enum sp_status status = read_wanted(c, r, &channel);
	struct sp_view description;
	struct sp_event *event;
	uint32_t reason;

	if (status != SP_OK)
		return status;
	reason = reader_u32(r);
	description = reader_string(r);
	reader_string(r); /* language */
	status = reader_finish(r);
	if (status != SP_OK)
		return status;
	event = event_push(&c->transport->events, SP_EVENT_CHANNEL_REFUSED);
	event->channel = channel->number;
	event->u.channel_refused.reason = reason;
	event->u.channel_refused.description = description;
	channel_free(c, channel);
	return SP_OK;
}

/* ---- ending ---- */

static enum sp_status
send_bare(struct connection *c, const struct channel *channel,
    enum message_number number)
{
	struct writer w;

	transport_begin(c->transport, &w, number);
	writer_u32(&w, channel->peer_number);
	return transport_end(c->transport, &w);
}

enum sp_status
channel_send_eof(struct connection *c, struct channel *channel)
{
	if (channel->sent_eof || channel->sent_close)
		return SP_OK;
	channel->sent_eof = true;
	return send_bare(c, channel, SSH_MSG_CHANNEL_EOF);
}

/* Nobody will read what still waits, nor answer what is still asked. */
static void
let_go(struct connection *c, struct channel *channel)
{
	reply_clear(&channel->replies);
	channel->state = CHANNEL_GONE;
	c->has_news = true;
}

static enum sp_status
send_close(struct connection *c, struct channel *channel)
{
	enum sp_status status = SP_OK;

	if (!channel->sent_close) {
		channel->sent_close = true;
		status = send_bare(c, channel, SSH_MSG_CHANNEL_CLOSE);
	}
	for (size_t q = 0; q < CHANNEL_QUEUES; q++)
		buffer_clear(&channel->queues[q]);
	if (status == SP_OK && channel->got_close)
		let_go(c, channel);
	return status;
}

enum sp_status
channel_send_close(struct connection *c, struct channel *channel)
{
	channel->has_ended = false;
	channel->is_closing = false;
	return send_close(c, channel);
}

enum sp_status
channel_end_if_drained(struct connection *c, struct channel *channel)
{
	if (!channel->got_close || channel->is_held ||
	    buffer_len(&channel->queues[0]) > 0 ||
	    buffer_len(&channel->queues[1]) > 0)
		return SP_OK;
	return send_close(c, channel);
}

/* Whoever reads the queue learns of its end, and later of the close. */
static void
end_data(struct connection *c, struct channel *channel)
{
	channel->got_eof = true;
	if (channel->sent_close)
		return;
	channel->has_ended = true;
	c->has_news = true;
}

enum sp_status
channel_receive_eof(struct connection *c, struct reader *r)
{
	struct channel *channel;
	enum sp_status status = channel_read_number(c, r, &channel);

	if (status == SP_OK)
		status = reader_finish(r);
	if (status != SP_OK)
		return status;
	if (channel->got_eof)
		return SP_ERR_REPEATED_MESSAGE;
	end_data(c, channel);
	return SP_OK;
}

enum sp_status
channel_receive_close(struct connection *c, struct reader *r)
{
	struct channel *channel;
	enum sp_status status = channel_read_number(c, r, &channel);

	if (status == SP_OK)
		status = reader_finish(r);
	if (status != SP_OK)
		return status;
	channel->got_close = true;
	if (channel->sent_close) {
		let_go(c, channel);
		return SP_OK;
	}
	if (!channel->got_eof)
		end_data(c, channel);
	channel->is_closing = channel->is_held;
	c->has_news = true;
	return channel_end_if_drained(c, channel);
}

/* ---- what the owner is told ---- */

/* Data that came while nobody was there to read it. */
static bool
raise_gathered(struct connection *c, struct channel *channel)
{
	for (uint32_t q = 0; q < CHANNEL_QUEUES; q++) {
		bool has_gathered = channel->has_gathered[q] &&
		    buffer_len(&channel->queues[q]) > 0;
		struct sp_event *event;

		channel->has_gathered[q] = false;
		if (!has_gathered)
			continue;
		event =
		    event_push(&c->transport->events, SP_EVENT_CHANNEL_DATA);
		event->channel = channel->number;
		event->u.channel_data.type = q;
		return true;
	}
	return false;
}

static bool
raise(struct connection *c, const struct channel *channel,
    enum sp_event_kind kind)
{
	event_push(&c->transport->events, kind)->channel = channel->number;
	return true;
}

bool
channel_raise(struct connection *c, struct channel *channel)
{
	if (channel->replies.count > 0)
		return false;
	if (raise_gathered(c, channel))
		return true;
	if (channel->has_ended) {
		channel->has_ended = false;
		return raise(c, channel, SP_EVENT_CHANNEL_EOF);
	}
	if (channel->is_closing) {
		channel->is_closing = false;
		return raise(c, channel, SP_EVENT_CHANNEL_CLOSING);
	}
	if (channel->state != CHANNEL_GONE)
		return false;
	raise(c, channel, SP_EVENT_CHANNEL_CLOSED);
	channel_free(c, channel);
	return true;
}
