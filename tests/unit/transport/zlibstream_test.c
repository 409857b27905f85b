/* Payloads deflated and inflated, and what is no stream or too long a one. */
#include "lib/transport/zlibstream.h"

#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct way {
	struct zlibstream *deflate;
	struct zlibstream *inflate;
};

static void
way_open(struct way *way)
{
	assert_int_equal(zlibstream_new_deflate(&way->deflate), SP_OK);
	assert_int_equal(zlibstream_new_inflate(&way->inflate), SP_OK);
}

static void
way_close(struct way *way)
{
	zlibstream_free(way->deflate);
	zlibstream_free(way->inflate);
}

static uint8_t
next_random(void)
{
	static uint32_t state = 2463534242;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return (uint8_t)(state >> 11);
}

static void
fill(uint8_t *room, size_t len, bool is_random)
{
	for (size_t i = 0; i < len; i++)
		room[i] = is_random ? next_random() : (uint8_t)(i / 100);
}

static void
every_payload_comes_back_and_none_grows_past_the_bound(void **state)
{
	static uint8_t payload[LIMIT_PACKET];
	struct way way;

	(void)state;
	for (int random = 0; random < 2; random++) {
		way_open(&way);
		for (size_t len = 1; len <= sizeof payload;
		     len += len < 300 ? 1 : 867) {
			struct sp_view packet, back;

			fill(payload, len, random == 1);
			assert_int_equal(zlibstream_run(way.deflate,
					     view_of(payload, len), &packet),
			    SP_OK);
			assert_true(packet.len <= zlibstream_bound(len));
			assert_int_equal(
			    zlibstream_run(way.inflate, packet, &back), SP_OK);
			assert_true(view_equal(back, view_of(payload, len)));
		}
		way_close(&way);
	}
	zlibstream_free(NULL);
}

static void
a_result_may_be_given_back_between_payloads(void **state)
{
	struct sp_view packet, back;
	struct way way;

	(void)state;
	way_open(&way);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(zlibstream_run(way.deflate,
				     view_of_string("the same text"), &packet),
		    SP_OK);
		assert_int_equal(
		    zlibstream_run(way.inflate, packet, &back), SP_OK);
		assert_true(view_equal_string(back, "the same text"));
		zlibstream_relax(way.deflate);
		zlibstream_relax(way.inflate);
	}
	way_close(&way);
}

/* So many zeros as one packet, as a peer that keeps no limit would say it. */
static enum sp_status
inflate_zeros(size_t len)
{
	static const uint8_t zeros[LIMIT_PACKET_TRUSTED];
	struct buffer packet;
	struct sp_view part, back;
	enum sp_status status;
	struct way way;

	way_open(&way);
	buffer_init(&packet, 65536);
	while (len > 0) {
		size_t chunk = len < sizeof zeros / 2 ? len : sizeof zeros / 2;

		assert_int_equal(
		    zlibstream_run(way.deflate, view_of(zeros, chunk), &part),
		    SP_OK);
		assert_int_equal(buffer_append(&packet, part), SP_OK);
		len -= chunk;
	}
	status = zlibstream_run(way.inflate, buffer_view(&packet), &back);
	buffer_clear(&packet);
	way_close(&way);
	return status;
}

static void
a_bomb_ends_at_the_limit(void **state)
{
	(void)state;
	assert_int_equal(inflate_zeros(LIMIT_PACKET), SP_OK);
	assert_int_equal(inflate_zeros(LIMIT_PACKET_TRUSTED - 1), SP_OK);
	assert_int_equal(
	    inflate_zeros(LIMIT_PACKET_TRUSTED), SP_ERR_PACKET_LENGTH);
	assert_int_equal(
	    inflate_zeros(LIMIT_PACKET_TRUSTED + 1), SP_ERR_PACKET_LENGTH);
	assert_int_equal(inflate_zeros(16000000), SP_ERR_PACKET_LENGTH);
}

static void
what_is_no_stream_is_told(void **state)
{
	static const char *const texts[] = { "not a stream",
		"\x78\x9c\xff\xff\xff\xff", "\x78\x9c\x06\x06\x06\x06" };
	struct sp_view back;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct way way;

		way_open(&way);
		assert_int_equal(zlibstream_run(way.inflate,
				     view_of_string(texts[i]), &back),
		    SP_ERR_COMPRESSION);
		way_close(&way);
	}
}

/* It would be the last packet of its kind, and so it is refused. */
static void
the_end_of_a_stream_is_none_of_a_packet(void **state)
{
	/* "a", deflated whole. */
	static const uint8_t whole[] = { 0x78, 0x9c, 0x4b, 0x04, 0x00, 0x00,
		0x62, 0x00, 0x62 };
	struct sp_view back;
	struct way way;

	(void)state;
	way_open(&way);
	assert_int_equal(
	    zlibstream_run(way.inflate, view_of(whole, sizeof whole), &back),
	    SP_ERR_COMPRESSION);
	way_close(&way);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_payload_comes_back_and_none_grows_past_the_bound),
		cmocka_unit_test(a_result_may_be_given_back_between_payloads),
		cmocka_unit_test(a_bomb_ends_at_the_limit),
		cmocka_unit_test(what_is_no_stream_is_told),
		cmocka_unit_test(the_end_of_a_stream_is_none_of_a_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
