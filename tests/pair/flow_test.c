/* Data through channels: packets built in place, views, queues. */
#include "lib/engine.h"
#include "tests/pair/forger.h"
#include "tests/pair/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { IOV = 16 };

/* ---- reserve and commit ---- */

static void
what_is_reserved_may_be_filled_in_part(void **state)
{
	static const size_t lens[] = { 0, 1, 2, 32767, 32768, 32769, 65535,
		65536, 70000, 100000, 262143, 262144 };
	uint32_t channel, position = 0;
	struct sink sink;
	struct pair p;

	(void)state;
	channel = sink_start(&p, &sink);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		assert_int_equal(
		    sink_feed(&p, channel, 1 << 20, lens[i], position),
		    lens[i]);
		position += (uint32_t)lens[i];
		pair_run(&p);
		assert_int_equal(sink.position, position);
	}
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

static void
committing_nothing_sends_nothing(void **state)
{
	struct sink sink;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	assert_int_equal(sink_feed(&p, channel, 100000, 0, 0), 0);
	assert_int_equal(sp_engine_output(p.client).len, 0);
	assert_int_equal(sp_channel_commit(p.client, 0), SP_ERR_ARGUMENT);
	pair_clear(&p);
}

static void
more_than_was_reserved_cannot_be_committed(void **state)
{
	struct iovec iov[IOV];
	struct sink sink;
	size_t count = IOV;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	assert_int_equal(
	    sp_channel_reserve(p.client, channel, 0, 10, iov, &count), SP_OK);
	assert_int_equal(count, 1);
	assert_int_equal(iov[0].iov_len, 10);
	assert_int_equal(sp_channel_commit(p.client, 11), SP_ERR_ARGUMENT);
	pair_clear(&p);
}

static void
so_many_packets_are_reserved_and_no_more(void **state)
{
	struct iovec iov[IOV];
	struct sink sink;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	for (size_t asked = 0; asked <= IOV; asked++) {
		size_t count = asked;

		assert_int_equal(sp_channel_reserve(p.client, channel, 0,
				     1 << 20, iov, &count),
		    SP_OK);
		assert_int_equal(count,
		    asked < LIMIT_BULK_PACKETS ? asked : LIMIT_BULK_PACKETS);
		if (count > 0)
			assert_int_equal(sp_channel_commit(p.client, 0), SP_OK);
	}
	pair_clear(&p);
}

/* A session whose peer takes so much window and so large packets. */
static void
start_small(struct pair *p, uint32_t window, uint32_t packet)
{
	struct sp_view confirmation;

	pair_init(p);
	forger_bring(p, SP_SERVER, PHASE_CONNECTION, true);
	forger_say(p, SP_CLIENT, "bsuuu", 90, "session", 0, window, packet);
	forger_deliver(p, SP_SERVER);
	assert_true(forger_receive(p, SP_SERVER, &confirmation));
}

/* What one CHANNEL_DATA of the server's carries; 0: none was sent. */
static size_t
receive_data(struct pair *p, uint32_t position)
{
	struct sp_view payload, data;
	struct reader r;

	if (!forger_receive(p, SP_SERVER, &payload))
		return 0;
	reader_init(&r, payload);
	assert_int_equal(reader_u8(&r), SSH_MSG_CHANNEL_DATA);
	reader_u32(&r);
	data = reader_string(&r);
	assert_int_equal(reader_finish(&r), SP_OK);
	for (size_t i = 0; i < data.len; i++)
		assert_int_equal(
		    data.data[i], sink_byte(position + (uint32_t)i));
	return data.len;
}

static void
a_peers_packet_size_is_kept(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 7, 100, 32767, 32768, 32769,
		0xffffffff };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t most = sizes[i] < 32768 ? sizes[i] : 32768;
		struct iovec iov[IOV];
		size_t count = IOV, len;
		struct pair p;

		start_small(&p, 1 << 20, sizes[i]);
		assert_int_equal(
		    sp_channel_reserve(p.server, 0, 0, 3 * most, iov, &count),
		    SP_OK);
		assert_int_equal(count, 3);
		len = sink_fill(iov, count, 3 * most - 1, 0);
		assert_int_equal(sp_channel_commit(p.server, len), SP_OK);
		assert_int_equal(receive_data(&p, 0), most);
		assert_int_equal(receive_data(&p, (uint32_t)most), most);
		assert_int_equal(
		    receive_data(&p, (uint32_t)(2 * most)), most - 1);
		pair_clear(&p);
	}
}

static void
a_window_smaller_than_a_packet_is_kept_too(void **state)
{
	struct iovec iov[IOV];
	size_t count = IOV;
	struct pair p;

	(void)state;
	start_small(&p, 10, 32768);
	assert_int_equal(
	    sp_channel_reserve(p.server, 0, 0, 1000, iov, &count), SP_OK);
	assert_int_equal(count, 1);
	assert_int_equal(iov[0].iov_len, 10);
	assert_int_equal(sp_channel_commit(p.server, 9), SP_OK);
	count = IOV;
	assert_int_equal(
	    sp_channel_reserve(p.server, 0, 0, 1000, iov, &count), SP_OK);
	assert_int_equal(iov[0].iov_len, 1);
	assert_int_equal(sp_channel_commit(p.server, 1), SP_OK);
	count = IOV;
	assert_int_equal(
	    sp_channel_reserve(p.server, 0, 0, 1000, iov, &count), SP_OK);
	assert_int_equal(count, 0);
	/* It is told when there is some again, and only then. */
	forger_say(&p, SP_CLIENT, "buu", 93, 0, 0);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_WRITABLE], 0);
	forger_say(&p, SP_CLIENT, "buu", 93, 0, 5);
	forger_say(&p, SP_CLIENT, "buu", 93, 0, 5);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_WRITABLE], 1);
	count = IOV;
	assert_int_equal(
	    sp_channel_reserve(p.server, 0, 1, 1000, iov, &count), SP_OK);
	assert_int_equal(iov[0].iov_len, 10);
	assert_int_equal(sp_channel_commit(p.server, 0), SP_OK);
	pair_clear(&p);
}

static void
nothing_can_be_reserved_where_nothing_may_be_sent(void **state)
{
	struct iovec iov[IOV];
	struct sink sink;
	size_t count = IOV, taken;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	assert_int_equal(
	    sp_channel_reserve(p.client, channel + 1, 0, 1, iov, &count),
	    SP_ERR_CHANNEL);
	assert_int_equal(count, 0);
	assert_int_equal(sp_engine_rekey(p.client), SP_OK);
	assert_int_equal(sink_feed(&p, channel, 1000, 1000, 0), 0);
	pair_run(&p);
	assert_int_equal(sink_feed(&p, channel, 1000, 1000, 0), 1000);
	assert_int_equal(sp_channel_eof(p.client, channel), SP_OK);
	assert_int_equal(
	    sp_channel_write(p.client, channel, 0, view_of("x", 1), &taken),
	    SP_ERR_CHANNEL);
	assert_int_equal(taken, 0);
	pair_clear(&p);
}

static void
extended_data_arrives_as_such(void **state)
{
	struct sink sink;
	struct pair p;
	uint32_t channel;
	size_t taken;

	(void)state;
	channel = sink_start(&p, &sink);
	assert_int_equal(sp_channel_write(p.server, channel, 1,
			     view_of("an error", 8), &taken),
	    SP_OK);
	pair_run(&p);
	assert_int_equal(p.bytes[SP_CLIENT], 8);
	pair_clear(&p);
}

/* ---- views and queues ---- */

static void
what_is_not_taken_of_a_view_stays_in_order(void **state)
{
	uint32_t channel, position = 0;
	struct sink sink;
	struct pair p;

	(void)state;
	channel = sink_start(&p, &sink);
	sink.takes = 1000;
	for (int i = 0; i < 50; i++) {
		position += (uint32_t)sink_feed(
		    &p, channel, 5000, 1 + (size_t)i * 97, position);
		pair_run(&p);
		sink_drain(&p, &sink, channel, 1 + (size_t)i * 53);
	}
	sink_drain(&p, &sink, channel, SIZE_MAX);
	assert_int_equal(sink.position, position);
	assert_int_equal(sp_channel_queue(p.server, channel, 0).len, 0);
	pair_clear(&p);
}

static void
behind_a_queue_no_event_comes(void **state)
{
	struct sink sink;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	sink.takes = 1;
	for (uint32_t i = 0; i < 5; i++) {
		sink_feed(&p, channel, 10, 10, 10 * i);
		pair_run(&p);
	}
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_DATA], 1);
	assert_int_equal(sp_channel_queue(p.server, channel, 0).len, 49);
	sink_drain(&p, &sink, channel, SIZE_MAX);
	sink_feed(&p, channel, 10, 10, 50);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_DATA], 2);
	pair_clear(&p);
}

static void
a_queue_outlives_the_peers_close_and_ends_with_it(void **state)
{
	struct sink sink;
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = sink_start(&p, &sink);
	sink.is_lazy = true;
	sink_feed(&p, channel, 100, 100, 0);
	assert_int_equal(sp_channel_close(p.client, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_EOF], 1);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 0);
	sink_drain(&p, &sink, channel, 99);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 0);
	sink_drain(&p, &sink, channel, 1);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 1);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_CLOSED], 1);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_reserved_may_be_filled_in_part),
		cmocka_unit_test(committing_nothing_sends_nothing),
		cmocka_unit_test(more_than_was_reserved_cannot_be_committed),
		cmocka_unit_test(so_many_packets_are_reserved_and_no_more),
		cmocka_unit_test(a_peers_packet_size_is_kept),
		cmocka_unit_test(a_window_smaller_than_a_packet_is_kept_too),
		cmocka_unit_test(
		    nothing_can_be_reserved_where_nothing_may_be_sent),
		cmocka_unit_test(extended_data_arrives_as_such),
		cmocka_unit_test(what_is_not_taken_of_a_view_stays_in_order),
		cmocka_unit_test(behind_a_queue_no_event_comes),
		cmocka_unit_test(
		    a_queue_outlives_the_peers_close_and_ends_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
