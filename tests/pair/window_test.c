/* Windows: how they stop a writer, and where they grow. */
#include "lib/connection/connection.h"
#include "lib/engine.h"
#include "lib/limits.h"
#include "tests/pair/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
a_reader_that_stops_stops_the_writer(void **state)
{
	uint32_t channel, position = 0;
	struct sink sink;
	struct pair p;
	size_t sent;

	(void)state;
	channel = sink_start(&p, &sink);
	sink.is_lazy = true;
	do {
		sent = sink_feed(&p, channel, 1 << 20, 1 << 20, position);
		position += (uint32_t)sent;
		pair_run(&p);
	} while (sent > 0);
	assert_int_equal(position, 2 * 1024 * 1024);
	assert_int_equal(sp_channel_queue(p.server, channel, 0).len, position);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_WRITABLE], 0);
	/* In large steps: half of it must be used before more is given. */
	sink_drain(&p, &sink, channel, position / 2 - 1);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_WRITABLE], 0);
	sink_drain(&p, &sink, channel, 1);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_WRITABLE], 1);
	pair_clear(&p);
}

/*
 * A way with a delay: the client sends all that the window allows, then
 * waits for the server's adjustments, for so many milliseconds.
 */
static void
send_over_distance(struct pair *p, struct sink *sink, uint32_t channel,
    unsigned rounds, unsigned delay)
{
	for (unsigned i = 0; i < rounds; i++) {
		while (
		    sink_feed(p, channel, 1 << 20, 1 << 20, sink->position) > 0)
			while (pair_step(p, SP_CLIENT))
				;
		p->now += delay;
		sp_engine_set_time(p->server, p->now);
		while (pair_step(p, SP_SERVER))
			;
	}
}

static uint32_t
window_size(struct pair *p, uint32_t channel)
{
	return p->server->connection->channels[channel]->window_size;
}

static void
a_window_grows_where_the_way_is_long(void **state)
{
	struct sink sink;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	assert_int_equal(window_size(&p, channel), 2 * 1024 * 1024);
	send_over_distance(&p, &sink, channel, 20, 100);
	assert_int_equal(window_size(&p, channel), LIMIT_WINDOW);
	assert_true(sink.position > 20 * 1024 * 1024);
	pair_clear(&p);
}

static void
it_does_not_where_the_way_is_short(void **state)
{
	struct sink sink;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	send_over_distance(&p, &sink, channel, 50, 1);
	assert_int_equal(window_size(&p, channel), 2 * 1024 * 1024);
	pair_clear(&p);
}

static void
nor_where_our_own_side_is_slow(void **state)
{
	struct sink sink;
	struct pair p;
	uint32_t channel, sent = 0;

	(void)state;
	channel = sink_start(&p, &sink);
	sink.is_lazy = true;
	for (int i = 0; i < 50; i++) {
		while (sent - sink.position < 4 * 1024 * 1024) {
			size_t n =
			    sink_feed(&p, channel, 1 << 20, 1 << 20, sent);

			sent += (uint32_t)n;
			pair_run(&p);
			if (n == 0)
				break;
		}
		p.now += 100;
		sp_engine_set_time(p.server, p.now);
		sink_drain(&p, &sink, channel, 1536 * 1024);
		pair_run(&p);
	}
	assert_true(sink.position > 20 * 1024 * 1024);
	assert_int_equal(window_size(&p, channel), 2 * 1024 * 1024);
	pair_clear(&p);
}

static void
nor_where_the_peer_has_pauses_of_its_own(void **state)
{
	struct sink sink;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	for (int i = 0; i < 300; i++) {
		sink_feed(&p, channel, 1 << 20, 50001, sink.position);
		p.now += 100;
		sp_engine_set_time(p.server, p.now);
		pair_run(&p);
	}
	assert_int_equal(window_size(&p, channel), 2 * 1024 * 1024);
	pair_clear(&p);
}

/* ---- both ways at once ---- */

static void
two_sides_that_send_in_bulk_do_not_wait_for_each_other(void **state)
{
	static uint8_t bytes[300000];
	struct sink sink;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	p.hook = NULL;
	/* As through sockets whose buffers are small. */
	p.chunk = 5000;
	while (p.bytes[SP_SERVER] < 3000000 || p.bytes[SP_CLIENT] < 3000000) {
		size_t before = p.bytes[SP_SERVER] + p.bytes[SP_CLIENT];

		for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
			size_t taken;

			assert_int_equal(
			    sp_channel_write(
				pair_engine(&p, (enum sp_role)side), channel, 0,
				view_of(bytes, sizeof bytes), &taken),
			    SP_OK);
		}
		for (int i = 0; i < 100; i++) {
			pair_step(&p, SP_CLIENT);
			pair_step(&p, SP_SERVER);
		}
		assert_true(p.bytes[SP_SERVER] + p.bytes[SP_CLIENT] > before);
	}
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_that_stops_stops_the_writer),
		cmocka_unit_test(a_window_grows_where_the_way_is_long),
		cmocka_unit_test(it_does_not_where_the_way_is_short),
		cmocka_unit_test(nor_where_our_own_side_is_slow),
		cmocka_unit_test(nor_where_the_peer_has_pauses_of_its_own),
		cmocka_unit_test(
		    two_sides_that_send_in_bulk_do_not_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
