/* The table of channels and the way of a packet to its handler. */
#include "lib/connection/connection.h"

#include "lib/connection/flow.h"
#include "lib/connection/global.h"
#include "lib/connection/request.h"

#include <assert.h>
#include <stdlib.h>

enum {
	DEFAULT_WINDOW = 2 * 1024 * 1024,
	WINDOW_MIN = 4 * LIMIT_CHANNEL_PACKET,
};

typedef enum sp_status connection_handler(struct connection *, struct reader *);

static connection_handler *const handlers[MESSAGE_ROWS] = {
#define TRANSPORT(...)
#define USERAUTH(...)
#define CONNECTION(number, name, family, sender, phases, once, handler) \
	[MESSAGE_ROW_##name] = handler,
#include "lib/message.def"
#undef TRANSPORT
#undef USERAUTH
#undef CONNECTION
};

static uint32_t
between(uint32_t low, uint32_t value, uint32_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

enum sp_status
connection_new(struct transport *t, uint32_t max_channels,
    uint32_t window_initial, uint32_t window_max,
    struct connection **connection)
{
	struct connection *c = calloc(1, sizeof *c);

	if (c == NULL)
		return SP_ERR_MEMORY;
	c->transport = t;
	c->max_channels = max_channels == 0 ? LIMIT_CHANNELS : max_channels;
	c->window_max = between(
	    WINDOW_MIN, window_max == 0 ? LIMIT_WINDOW : window_max, INT32_MAX);
	c->window_initial = between(WINDOW_MIN,
	    window_initial == 0 ? DEFAULT_WINDOW : window_initial,
	    c->window_max);
	c->channels = calloc(c->max_channels, sizeof *c->channels);
	if (c->channels == NULL) {
		free(c);
		return SP_ERR_MEMORY;
	}
	*connection = c;
	return SP_OK;
}

void
connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->max_channels; i++)
		if (c->channels[i] != NULL)
			channel_free(c, c->channels[i]);
	reply_clear(&c->global_replies);
	free(c->channels);
	free(c);
}

enum sp_status
connection_receive(
    struct connection *c, const struct message *row, struct reader *r)
{
	assert(c->reserved == NULL);
	return handlers[message_index(row)](c, r);
}

enum sp_status
connection_settle(struct connection *c)
{
	struct channel *channel = c->pending;
	enum sp_status status;

	/* Whatever the call does may need the room. */
	c->reserved = NULL;
	if (channel == NULL)
		return SP_OK;
	c->pending = NULL;
	status =
	    buffer_append(&channel->queues[c->pending_queue], c->pending_data);
	/* The queue's bound is the window, which was checked. */
	return status == SP_ERR_LIMIT ? SP_ERR_INTERNAL : status;
}

bool
connection_can_receive(const struct connection *c)
{
	if (reply_is_full(&c->global_replies))
		return false;
	for (uint32_t i = 0; i < c->max_channels; i++)
		if (c->channels[i] != NULL &&
		    reply_is_full(&c->channels[i]->replies))
			return false;
	return true;
}

bool
connection_raise(struct connection *c)
{
	for (uint32_t i = 0; c->has_news && i < c->max_channels; i++)
		if (c->channels[i] != NULL && channel_raise(c, c->channels[i]))
			return true;
	c->has_news = false;
	return false;
}

void
connection_relax(struct connection *c)
{
	for (uint32_t i = 0; i < c->max_channels; i++) {
		if (c->channels[i] == NULL)
			continue;
		for (size_t q = 0; q < CHANNEL_QUEUES; q++)
			buffer_relax(&c->channels[i]->queues[q]);
	}
}
