/* Views: comparing them, making strings of them. */
#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
views_are_equal_when_length_and_bytes_are(void **unused)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{ "", "", true },
		{ "a", "a", true },
		{ "a", "", false },
		{ "a", "b", false },
		{ "ab", "a", false },
		{ "ab", "ac", false },
		{ "ab", "cb", false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view a = view_of_string(rows[i].a);
		struct sp_view b = view_of_string(rows[i].b);

		assert_int_equal(view_equal(a, b), rows[i].equal);
		assert_int_equal(view_equal(b, a), rows[i].equal);
		assert_int_equal(view_equal_secret(a, b), rows[i].equal);
		assert_int_equal(view_equal_secret(b, a), rows[i].equal);
		assert_int_equal(sp_view_equal(a, b), rows[i].equal);
		assert_int_equal(
		    view_equal_string(a, rows[i].b), rows[i].equal);
	}
	assert_true(view_equal(view_of(NULL, 0), view_of_string("")));
	assert_true(view_equal_secret(view_of(NULL, 0), view_of_string("")));
}

static void
a_nul_is_a_byte_like_others(void **unused)
{
	(void)unused;
	assert_false(view_equal(view_of("a\0b", 3), view_of("a\0c", 3)));
	assert_false(view_equal_secret(view_of("a\0b", 3), view_of("a\0c", 3)));
	assert_false(view_equal_string(view_of("a\0", 2), "a"));
}

static void
a_view_becomes_a_string_when_it_fits_and_holds_no_nul(void **unused)
{
	char room[4] = "old";

	(void)unused;
	assert_false(view_to_string(view_of_string("four"), room, 4));
	assert_false(view_to_string(view_of("a\0", 2), room, 4));
	assert_false(view_to_string(view_of(NULL, 0), room, 0));
	assert_string_equal(room, "old");
	assert_true(view_to_string(view_of_string("thr"), room, 4));
	assert_string_equal(room, "thr");
	assert_true(view_to_string(view_of(NULL, 0), room, 1));
	assert_string_equal(room, "");
}

static void
control_characters_are_found_wherever_they_are(void **unused)
{
	(void)unused;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t bytes[3] = { 'a', (uint8_t)c, 'b' };
		bool is_control = c < 0x20 || c == 0x7f;

		assert_int_equal(
		    view_has_control(view_of(bytes, 3)), is_control);
		assert_int_equal(
		    view_has_control(view_of(bytes, 2)), is_control);
		assert_int_equal(
		    view_has_control(view_of(bytes + 1, 2)), is_control);
	}
	assert_false(view_has_control(view_of(NULL, 0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_are_equal_when_length_and_bytes_are),
		cmocka_unit_test(a_nul_is_a_byte_like_others),
		cmocka_unit_test(
		    a_view_becomes_a_string_when_it_fits_and_holds_no_nul),
		cmocka_unit_test(
		    control_characters_are_found_wherever_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
