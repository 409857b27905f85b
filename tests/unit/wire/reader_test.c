/* Reader and writer: round trips, truncations, non-canonical values. */
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
what_is_written_is_read_back(void **state)
{
	struct buffer b;
	struct writer w;
	struct reader r;
	size_t mark;

	(void)state;
	buffer_init(&b, 1024);
	writer_init(&w, &b);
	writer_u8(&w, 7);
	writer_bool(&w, true);
	writer_u32(&w, 0x01020304);
	writer_u64(&w, 0x0102030405060708);
	mark = writer_begin_string(&w);
	writer_cstring(&w, "inner");
	writer_end_string(&w, mark);
	writer_mpint(&w, view_of("\x00\x80\x01", 3));
	assert_int_equal(writer_finish(&w), SP_OK);

	reader_init(&r, buffer_view(&b));
	assert_int_equal(reader_u8(&r), 7);
	assert_true(reader_bool(&r));
	assert_int_equal(reader_u32(&r), 0x01020304);
	assert_true(reader_u64(&r) == 0x0102030405060708);
	assert_int_equal(reader_string(&r).len, 9);
	assert_true(view_equal(reader_mpint(&r), view_of("\x80\x01", 2)));
	assert_int_equal(reader_finish(&r), SP_OK);
	buffer_clear(&b);
}

static void
every_truncation_is_refused(void **state)
{
	static const uint8_t bytes[] = { 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 1 };

	(void)state;
	for (size_t len = 0; len <= sizeof bytes; len++) {
		struct reader r;

		reader_init(&r, view_of(bytes, len));
		reader_string(&r);
		reader_u32(&r);
		assert_int_equal(reader_finish(&r),
		    len == sizeof bytes ? SP_OK : SP_ERR_FORMAT);
	}
}

static void
trailing_bytes_are_refused(void **state)
{
	struct reader r;

	(void)state;
	reader_init(&r, view_of("\0\0", 2));
	reader_u8(&r);
	assert_int_equal(reader_finish(&r), SP_ERR_TRAILING);
}

static void
an_mpint_must_be_minimal_and_not_negative(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool good;
	} rows[] = {
		{ "\0\0\0\0", 4, true },
		{ "\0\0\0\1\0", 5, false },
		{ "\0\0\0\1\x7f", 5, true },
		{ "\0\0\0\1\x80", 5, false },
		{ "\0\0\0\2\0\x7f", 6, false },
		{ "\0\0\0\2\0\x80", 6, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct reader r;

		reader_init(&r, view_of(rows[i].bytes, rows[i].len));
		reader_mpint(&r);
		assert_int_equal(reader_finish(&r) == SP_OK, rows[i].good);
	}
}

static void
a_namelist_has_no_empty_name_and_no_control_character(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "", true },
		{ "a", true },
		{ "a,b", true },
		{ ",a", false },
		{ "a,", true },
		{ "a,b,", true },
		{ ",", false },
		{ "a,,", false },
		{ "a,,b", false },
		{ "a b", false },
		{ "a\nb", false },
		{ "\xc3\xa4", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view list;
		struct buffer b;
		struct writer w;
		struct reader r;

		buffer_init(&b, 64);
		writer_init(&w, &b);
		writer_cstring(&w, rows[i].text);
		reader_init(&r, buffer_view(&b));
		list = reader_namelist(&r);
		assert_int_equal(reader_finish(&r) == SP_OK, rows[i].good);
		assert_true(list.len == 0 || list.data[list.len - 1] != ',');
		buffer_clear(&b);
	}
}

static void
a_buffer_refuses_to_grow_past_its_maximum(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b, 4);
	assert_int_equal(buffer_append(&b, view_of("abc", 3)), SP_OK);
	assert_int_equal(buffer_append(&b, view_of("de", 2)), SP_ERR_LIMIT);
	buffer_consume(&b, 2);
	assert_int_equal(buffer_append(&b, view_of("de", 2)), SP_OK);
	assert_true(view_equal_string(buffer_view(&b), "cde"));
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(trailing_bytes_are_refused),
		cmocka_unit_test(an_mpint_must_be_minimal_and_not_negative),
		cmocka_unit_test(
		    a_namelist_has_no_empty_name_and_no_control_character),
		cmocka_unit_test(a_buffer_refuses_to_grow_past_its_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
