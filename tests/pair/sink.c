/* Bytes that say where they stand. */
#include "tests/pair/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

uint8_t
sink_byte(uint32_t position)
{
	return (uint8_t)(position ^ position >> 8 ^ position >> 16);
}

static void
sink_check(struct sink *sink, struct sp_view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] != sink_byte(sink->position++))
			fail_msg("byte %u is not the one that was sent",
			    sink->position - 1);
}

static bool
sink_event(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct sink *sink = p->arg;
	struct sp_view data = event->u.channel_data.data;

	if (side != SP_SERVER || event->kind != SP_EVENT_CHANNEL_DATA)
		return false;
	if (sink->is_lazy)
		return true;
	if (sink->takes > 0 && data.len > sink->takes)
		data.len = sink->takes;
	sink_check(sink, data);
	sp_channel_took(p->server, event->channel, data.len);
	return true;
}

void
sink_drain(struct pair *p, struct sink *sink, uint32_t channel, size_t most)
{
	struct sp_view queue = sp_channel_queue(p->server, channel, 0);

	if (queue.len > most)
		queue.len = most;
	sink_check(sink, queue);
	sp_channel_consume(p->server, channel, 0, queue.len);
}

uint32_t
sink_start(struct pair *p, struct sink *sink)
{
	*sink = (struct sink){ 0 };
	pair_init(p);
	pair_start(p);
	pair_login(p);
	p->hook = sink_event;
	p->arg = sink;
	return pair_open_session(p);
}

size_t
sink_fill(const struct iovec *iov, size_t count, size_t len, uint32_t position)
{
	size_t done = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < iov[i].iov_len && done < len; k++)
			((uint8_t *)iov[i].iov_base)[k] =
			    sink_byte(position + (uint32_t)done++);
	return done;
}

size_t
sink_feed(struct pair *p, uint32_t channel, size_t want, size_t len,
    uint32_t position)
{
	struct iovec iov[16];
	size_t count = sizeof iov / sizeof iov[0], done;

	assert_int_equal(
	    sp_channel_reserve(p->client, channel, 0, want, iov, &count),
	    SP_OK);
	if (count == 0)
		return 0;
	done = sink_fill(iov, count, len, position);
	assert_int_equal(sp_channel_commit(p->client, done), SP_OK);
	return done;
}
