/*
 * Bytes in: handed on as a view, and what is not used kept once. Bytes
 * out: written by the owner straight into packets being built. A window
 * opens again in large steps, and grows when the peer had to wait for it
 * though our side had used all that came.
 */
#include "lib/connection/flow.h"

#include "lib/transport/packet.h"

#include <assert.h>

enum {
	/* In front of the data: number, channel, [type,] length. */
	DATA_HEADER = 1 + 4 + 4,
	EXTENDED_HEADER = 1 + 4 + 4 + 4,

	/* A pause this long at the window's edge is the network's. */
	DRY_MS = 2,
};

/* ---- in ---- */

enum sp_status
flow_receive_window_adjust(struct connection *c, struct reader *r)
{
	struct channel *channel;
	enum sp_status status = channel_read_number(c, r, &channel);
	uint32_t bytes;

	if (status != SP_OK)
		return status;
	bytes = reader_u32(r);
	status = reader_finish(r);
	if (status != SP_OK)
		return status;
	if (bytes > UINT32_MAX - channel->peer_window)
		return SP_ERR_WINDOW;
	channel->peer_window += bytes;
	if (channel->wants_window && bytes > 0) {
		channel->wants_window = false;
		event_push(&c->transport->events, SP_EVENT_CHANNEL_WRITABLE)
		    ->channel = channel->number;
	}
	return SP_OK;
}

/*
 * Whether the window is too small for the way: the peer has used up all of
 * it that it was sure to know of, more was on its way to it, and yet
 * nothing came for a while.
 */
static void
watch_edge(struct channel *channel, uint32_t len, uint64_t now)
{
	if (channel->is_dry && now - channel->dry_at >= DRY_MS)
		channel->ran_dry = true;
	channel->is_dry = false;
	if (channel->known > len) {
		channel->known -= len;
		return;
	}
	if (channel->known == len && channel->window > 0) {
		channel->is_dry = true;
		channel->dry_at = now;
	}
	channel->known = 0;
}

/* Counts data against the window before anybody sees it. */
static enum sp_status
take_window(struct channel *channel, size_t len, uint64_t now)
{
	if (channel->got_eof)
		return SP_ERR_CHANNEL;
	if (len > LIMIT_CHANNEL_PACKET)
		return SP_ERR_CHANNEL_PACKET;
	if (len > channel->window)
		return SP_ERR_WINDOW;
	channel->window -= (uint32_t)len;
	if (len > 0)
		watch_edge(channel, (uint32_t)len, now);
	return SP_OK;
}

static bool
has_open_request(const struct channel *channel)
{
	return channel->replies.count > 0;
}

static enum sp_status
deliver(struct connection *c, struct channel *channel, uint32_t type,
    struct sp_view data)
{
	struct buffer *queue = &channel->queues[type == 0 ? 0 : 1];
	struct sp_event *event;

	if (data.len == 0)
		return SP_OK;
	/* It waits in order: behind what waits, or for who will read it. */
	if (has_open_request(channel))
		channel->has_gathered[type == 0 ? 0 : 1] = true;
	if (buffer_len(queue) > 0 || has_open_request(channel))
		return buffer_append(queue, data);
	event = event_push(&c->transport->events, SP_EVENT_CHANNEL_DATA);
	event->channel = channel->number;
	event->u.channel_data.type = type;
	event->u.channel_data.data = data;
	c->pending = channel;
	c->pending_queue = type == 0 ? 0 : 1;
	c->pending_data = data;
	return SP_OK;
}

enum sp_status
flow_receive_data(struct connection *c, struct reader *r)
{
	struct channel *channel;
	enum sp_status status = channel_read_number(c, r, &channel);
	struct sp_view data;

	if (status != SP_OK)
		return status;
	data = reader_string(r);
	status = reader_finish(r);
	if (status == SP_OK)
		status = take_window(channel, data.len, c->transport->now);
	if (status != SP_OK)
		return status;
	/* It crossed our CLOSE on the way. */
	if (channel->sent_close)
		return SP_OK;
	return deliver(c, channel, 0, data);
}

enum sp_status
flow_receive_extended_data(struct connection *c, struct reader *r)
{
	struct channel *channel;
	enum sp_status status = channel_read_number(c, r, &channel);
	struct sp_view data;
	uint32_t type;

	if (status != SP_OK)
		return status;
	type = reader_u32(r);
	data = reader_string(r);
	status = reader_finish(r);
	if (status == SP_OK)
		status = take_window(channel, data.len, c->transport->now);
	if (status != SP_OK)
		return status;
	if (channel->sent_close)
		return SP_OK;
	/* Only a server's stderr has a meaning (RFC 4254 5.2). */
	if (type != 1 || c->transport->role == SP_SERVER)
		return flow_credit(c, channel, data.len);
	return deliver(c, channel, type, data);
}

static bool
is_drained(const struct channel *channel)
{
	return buffer_len(&channel->queues[0]) == 0 &&
	    buffer_len(&channel->queues[1]) == 0;
}

enum sp_status
flow_credit(struct connection *c, struct channel *channel, size_t len)
{
	struct writer w;

	channel->credit += (uint32_t)len;
	if (channel->credit < channel->window_size / 2 || channel->got_eof ||
	    channel->sent_close)
		return SP_OK;
	if (channel->ran_dry && is_drained(channel) &&
	    channel->window_size <= c->window_max / 2) {
		channel->credit += channel->window_size;
		channel->window_size *= 2;
	}
	channel->ran_dry = false;
	channel->known = channel->window;
	transport_begin(c->transport, &w, SSH_MSG_CHANNEL_WINDOW_ADJUST);
	writer_u32(&w, channel->peer_number);
	writer_u32(&w, channel->credit);
	channel->window += channel->credit;
	channel->credit = 0;
	return transport_end(c->transport, &w);
}

/* ---- out ---- */

static size_t
header_len(uint32_t type)
{
	return type == 0 ? DATA_HEADER : EXTENDED_HEADER;
}

/* The most data in one packet to this channel. */
static size_t
chunk_of(const struct channel *channel)
{
	return channel->peer_packet < LIMIT_CHANNEL_PACKET
	    ? channel->peer_packet
	    : LIMIT_CHANNEL_PACKET;
}

static bool
can_send(const struct connection *c, struct channel *channel)
{
	if (transport_is_exchanging(c->transport) ||
	    buffer_len(&c->transport->out) > LIMIT_OUTPUT_WAITING)
		return false;
	if (channel->peer_window == 0)
		channel->wants_window = true;
	return channel->peer_window > 0;
}

enum sp_status
flow_reserve(struct connection *c, struct channel *channel, uint32_t type,
    size_t want, struct iovec *iov, size_t *count)
{
	struct transport *t = c->transport;
	size_t chunk = chunk_of(channel);
	size_t header = header_len(type);
	size_t full = packet_size(t, header + chunk);
	size_t max = *count < LIMIT_BULK_PACKETS ? *count : LIMIT_BULK_PACKETS;
	size_t packets;
	uint8_t *room;
	enum sp_status status;

	if (channel->sent_eof || channel->sent_close || channel->got_close)
		return SP_ERR_CHANNEL;
	if (want > channel->peer_window)
		want = channel->peer_window;
	packets = want / chunk + (want % chunk > 0);
	if (packets > max)
		packets = max;
	*count = 0;
	if (!can_send(c, channel) || packets == 0)
		return SP_OK;
	status = buffer_room(&t->out, packets * full, &room);
	if (status != SP_OK)
		return status;
	c->reserved_len = 0;
	for (size_t i = 0; i < packets; i++) {
		size_t len = want < chunk ? want : chunk;

		iov[i].iov_base = room + i * full + PACKET_HEADER + header;
		iov[i].iov_len = len;
		want -= len;
		c->reserved_len += len;
	}
	*count = packets;
	c->reserved_room = room;
	c->reserved = channel;
	c->reserved_type = type;
	return SP_OK;
}

/* The fields in front of data that stands in its place already. */
static void
write_header(
    uint8_t *at, const struct channel *channel, uint32_t type, size_t len)
{
	*at++ =
	    type == 0 ? SSH_MSG_CHANNEL_DATA : SSH_MSG_CHANNEL_EXTENDED_DATA;
	at = writer_put_u32(at, channel->peer_number);
	if (type != 0)
		at = writer_put_u32(at, type);
	writer_put_u32(at, (uint32_t)len);
}

enum sp_status
flow_commit(struct connection *c, size_t len)
{
	struct transport *t = c->transport;
	struct channel *channel = c->reserved;
	size_t header = header_len(c->reserved_type), full;
	uint8_t *payload;

	if (channel == NULL || len > c->reserved_len)
		return SP_ERR_ARGUMENT;
	c->reserved = NULL;
	/* A call in between has sent something: the room is not there. */
	if (t->out.data + t->out.end != c->reserved_room ||
	    transport_is_exchanging(t))
		return SP_ERR_ARGUMENT;
	channel->peer_window -= (uint32_t)len;
	payload = c->reserved_room + PACKET_HEADER;
	while (len > 0) {
		size_t chunk = chunk_of(channel), size;
		enum sp_status status;

		/* Compressed packets move up to those before them. */
		full = packet_size(t, header + chunk);
		if (len < chunk)
			chunk = len;
		write_header(payload, channel, c->reserved_type, chunk);
		status = packet_seal(t, t->out.data + t->out.end,
		    view_of(payload, header + chunk), &size);
		if (status != SP_OK)
			return status;
		buffer_grew(&t->out, size);
		payload += full;
		len -= chunk;
	}
	return SP_OK;
}
