/* The writer: the encodings of RFC 4251 5, and what ends it. */
#include "lib/wire/writer.h"
#include "tests/unit/hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
assert_written(const struct buffer *b, const char *hex)
{
	uint8_t room[64];
	struct sp_view expected = hex_bytes(hex, room);

	assert_int_equal(buffer_len(b), expected.len);
	if (expected.len > 0)
		assert_memory_equal(
		    buffer_view(b).data, expected.data, expected.len);
}

static void
integers_are_in_network_order(void **unused)
{
	struct buffer b;
	struct writer w;

	(void)unused;
	buffer_init(&b, 64);
	writer_init(&w, &b);
	writer_u8(&w, 0xfe);
	writer_bool(&w, true);
	writer_bool(&w, false);
	writer_u32(&w, 0x80010203);
	writer_u64(&w, 0x8001020304050607);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_written(&b, "fe0100800102038001020304050607");
	buffer_clear(&b);
}

/* The examples of RFC 4251 5 that are not negative, and some more. */
static void
mpints_are_minimal_and_not_negative(void **unused)
{
	static const struct {
		const char *magnitude, *wire;
	} rows[] = {
		{ "", "00000000" },
		{ "00", "00000000" },
		{ "0000", "00000000" },
		{ "09a378f9b2e332a7", "0000000809a378f9b2e332a7" },
		{ "80", "000000020080" },
		{ "0080", "000000020080" },
		{ "00007f", "000000017f" },
		{ "ff00", "0000000300ff00" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buffer b;
		struct writer w;
		uint8_t room[16];

		buffer_init(&b, 64);
		writer_init(&w, &b);
		writer_mpint(&w, hex_bytes(rows[i].magnitude, room));
		assert_int_equal(writer_finish(&w), SP_OK);
		assert_written(&b, rows[i].wire);
		buffer_clear(&b);
	}
}

static void
a_string_begun_may_hold_strings(void **unused)
{
	struct buffer b;
	struct writer w;
	size_t outer, inner;

	(void)unused;
	buffer_init(&b, 64);
	assert_int_equal(buffer_append(&b, view_of("skip", 4)), SP_OK);
	buffer_consume(&b, 4);
	writer_init(&w, &b);
	outer = writer_begin_string(&w);
	inner = writer_begin_string(&w);
	writer_bytes(&w, view_of("ab", 2));
	writer_end_string(&w, inner);
	writer_cstring(&w, "");
	writer_end_string(&w, outer);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_written(&b, "0000000a00000002616200000000");
	buffer_clear(&b);
}

static void
write_a_bit_of_all(struct writer *w)
{
	size_t mark = writer_begin_string(w);

	writer_u8(w, 1);
	writer_cstring(w, "abc");
	writer_end_string(w, mark);
	writer_mpint(w, view_of("\xff", 1));
	writer_u64(w, 2);
}

static void
a_full_buffer_is_reported_wherever_it_fills_up(void **unused)
{
	struct buffer b;
	struct writer w;
	size_t whole;

	(void)unused;
	buffer_init(&b, 64);
	writer_init(&w, &b);
	write_a_bit_of_all(&w);
	assert_int_equal(writer_finish(&w), SP_OK);
	whole = buffer_len(&b);
	buffer_clear(&b);
	for (size_t max = 0; max < whole; max++) {
		buffer_init(&b, max);
		writer_init(&w, &b);
		write_a_bit_of_all(&w);
		assert_int_equal(writer_finish(&w), SP_ERR_LIMIT);
		assert_true(buffer_len(&b) <= max);
		buffer_clear(&b);
	}
}

static void
nothing_is_written_after_a_failure(void **unused)
{
	struct buffer b;
	struct writer w;

	(void)unused;
	buffer_init(&b, 6);
	writer_init(&w, &b);
	writer_u32(&w, 1);
	writer_u32(&w, 2);
	writer_u8(&w, 3);
	writer_cstring(&w, "");
	assert_int_equal(writer_finish(&w), SP_ERR_LIMIT);
	assert_written(&b, "00000001");
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_in_network_order),
		cmocka_unit_test(mpints_are_minimal_and_not_negative),
		cmocka_unit_test(a_string_begun_may_hold_strings),
		cmocka_unit_test(
		    a_full_buffer_is_reported_wherever_it_fills_up),
		cmocka_unit_test(nothing_is_written_after_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
