/* Values put into text, and those that are refused. */
#include "daemon/config/expand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const arguments[] = { "first", "../second" };
static const struct expand_values values = {
	.user = "alice",
	.identity = "team-a",
	.home = "/home/alice",
	.host = "gate1",
	.arguments = { arguments, 2 },
};

static void
each_percent_letter_stands_for_its_value(void **state)
{
	static const struct {
		const char *text;
		const char *expanded;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "%h/.ssh/authorized_keys",
		    "/home/alice/.ssh/authorized_keys" },
		{ "/srv/%i/%u@%n", "/srv/team-a/alice@gate1" },
		{ "/srv/%1", "/srv/first" },
		{ "100%%", "100%" },
		{ "%%u", "%u" },
	};
	char room[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
		    expand_text(rows[i].text, &values, room, sizeof room),
		    EXPAND_OK);
		assert_string_equal(room, rows[i].expanded);
	}
}

static void
a_value_that_could_leave_its_folder_is_refused(void **state)
{
	static const char *const unfit[] = { "", ".", "..", "-rf", "a/b", "/",
		"a\nb", "a\x7f" };
	char room[64] = "left over";

	(void)state;
	for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
		struct expand_values bad = { .user = unfit[i] };

		assert_int_equal(
		    expand_text("/srv/%u", &bad, room, sizeof room),
		    EXPAND_REFUSED);
		assert_string_equal(room, "");
	}
	assert_int_equal(
	    expand_text("%2", &values, room, sizeof room), EXPAND_REFUSED);
}

static void
a_value_that_is_missing_is_refused(void **state)
{
	static const struct expand_values none = { .user = NULL };
	static const char *const texts[] = { "%u", "%i", "%h", "%n", "%1",
		"%9" };
	char room[8];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_int_equal(
		    expand_text(texts[i], &none, room, sizeof room),
		    EXPAND_REFUSED);
}

static void
a_home_that_is_no_absolute_path_is_refused(void **state)
{
	static const char *const unfit[] = { "", "home", "/home/a\nb" };
	char room[32];

	(void)state;
	for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
		struct expand_values bad = { .home = unfit[i] };

		assert_int_equal(
		    expand_text("%h", &bad, room, sizeof room), EXPAND_REFUSED);
	}
}

static void
an_unknown_percent_is_a_problem(void **state)
{
	static const char *const wrong[] = { "%", "a%", "%x", "%0", "%U",
		"%%%" };
	char room[8];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_non_null(expand_problem(wrong[i]));
		assert_int_equal(
		    expand_text(wrong[i], &values, room, sizeof room),
		    EXPAND_UNKNOWN);
	}
	assert_null(expand_problem("%u%i%h%n%1%9%%"));
}

static void
what_does_not_fit_the_room_is_not_cut_off(void **state)
{
	char room[6];

	(void)state;
	assert_int_equal(expand_text("%u", &values, room, 6), EXPAND_OK);
	assert_int_equal(expand_text("%u", &values, room, 5), EXPAND_TOO_LONG);
	assert_string_equal(room, "");
	assert_int_equal(expand_text("", &values, room, 0), EXPAND_TOO_LONG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_percent_letter_stands_for_its_value),
		cmocka_unit_test(
		    a_value_that_could_leave_its_folder_is_refused),
		cmocka_unit_test(a_value_that_is_missing_is_refused),
		cmocka_unit_test(a_home_that_is_no_absolute_path_is_refused),
		cmocka_unit_test(an_unknown_percent_is_a_problem),
		cmocka_unit_test(what_does_not_fit_the_room_is_not_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
