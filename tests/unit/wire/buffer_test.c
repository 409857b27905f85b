/* The growing buffer: content, room, maximum. */
#include "lib/wire/buffer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
an_empty_buffer_holds_nothing_and_has_allocated_nothing(void **unused)
{
	struct buffer b;

	(void)unused;
	buffer_init(&b, 16);
	assert_int_equal(buffer_len(&b), 0);
	assert_null(buffer_view(&b).data);
	assert_null(b.data);
	assert_int_equal(buffer_append(&b, view_of(NULL, 0)), SP_OK);
	assert_null(b.data);
	buffer_clear(&b);
	buffer_clear(&b);
}

static void
content_comes_out_as_it_went_in(void **unused)
{
	struct buffer b;
	uint8_t byte = 0, expected = 0;

	(void)unused;
	buffer_init(&b, 100000);
	/* In by 7, out by 5: it grows, and moves to the front at times. */
	for (int i = 0; i < 20000; i++) {
		for (int j = 0; j < 7; j++, byte++)
			assert_int_equal(
			    buffer_append(&b, view_of(&byte, 1)), SP_OK);
		for (int j = 0; j < 5; j++, expected++) {
			assert_int_equal(buffer_view(&b).data[0], expected);
			buffer_consume(&b, 1);
		}
	}
	assert_int_equal(buffer_len(&b), 40000);
	for (; buffer_len(&b) > 0; expected++) {
		assert_int_equal(buffer_view(&b).data[0], expected);
		buffer_consume(&b, 1);
	}
	assert_int_equal(b.start, 0);
	buffer_clear(&b);
}

static void
room_counts_only_once_it_is_said_to_be_used(void **unused)
{
	struct buffer b;
	uint8_t *room;

	(void)unused;
	buffer_init(&b, 300);
	assert_int_equal(buffer_room(&b, 300, &room), SP_OK);
	assert_int_equal(buffer_len(&b), 0);
	memset(room, 'x', 300);
	buffer_grew(&b, 2);
	assert_true(view_equal_string(buffer_view(&b), "xx"));
	assert_int_equal(buffer_room(&b, 298, &room), SP_OK);
	assert_int_equal(buffer_room(&b, 299, &room), SP_ERR_LIMIT);
	assert_int_equal(buffer_room(&b, SIZE_MAX, &room), SP_ERR_LIMIT);
	buffer_clear(&b);
}

static void
room_is_there_even_for_nothing(void **unused)
{
	struct buffer b;
	uint8_t *room = NULL;

	(void)unused;
	buffer_init(&b, 0);
	assert_int_equal(buffer_room(&b, 0, &room), SP_OK);
	assert_non_null(room);
	assert_int_equal(buffer_room(&b, 1, &room), SP_ERR_LIMIT);
	buffer_clear(&b);
}

static void
the_maximum_is_of_content_not_of_what_passed_through(void **unused)
{
	struct buffer b;

	(void)unused;
	buffer_init(&b, 4);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(buffer_append(&b, view_of("abcd", 4)), SP_OK);
		assert_int_equal(
		    buffer_append(&b, view_of("e", 1)), SP_ERR_LIMIT);
		assert_true(view_equal_string(buffer_view(&b), "abcd"));
		buffer_consume(&b, 4);
	}
	buffer_clear(&b);
}

static void
truncation_drops_the_end(void **unused)
{
	struct buffer b;

	(void)unused;
	buffer_init(&b, 16);
	assert_int_equal(buffer_append(&b, view_of("abcdef", 6)), SP_OK);
	buffer_consume(&b, 1);
	buffer_truncate(&b, 3);
	assert_true(view_equal_string(buffer_view(&b), "bcd"));
	buffer_truncate(&b, 0);
	assert_int_equal(buffer_len(&b), 0);
	buffer_clear(&b);
}

static void
a_buffer_relaxes_only_when_empty(void **unused)
{
	struct buffer b;

	(void)unused;
	buffer_init(&b, 16);
	assert_int_equal(buffer_append(&b, view_of("ab", 2)), SP_OK);
	buffer_relax(&b);
	assert_true(view_equal_string(buffer_view(&b), "ab"));
	buffer_consume(&b, 2);
	buffer_relax(&b);
	assert_null(b.data);
	assert_int_equal(b.max, 16);
	assert_int_equal(buffer_append(&b, view_of("ab", 2)), SP_OK);
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_empty_buffer_holds_nothing_and_has_allocated_nothing),
		cmocka_unit_test(content_comes_out_as_it_went_in),
		cmocka_unit_test(room_counts_only_once_it_is_said_to_be_used),
		cmocka_unit_test(room_is_there_even_for_nothing),
		cmocka_unit_test(
		    the_maximum_is_of_content_not_of_what_passed_through),
		cmocka_unit_test(truncation_drops_the_end),
		cmocka_unit_test(a_buffer_relaxes_only_when_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
