/* Answers: what they show, and which patterns they fit. */
#include "cli/modtest/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct answer answer;

static int
begin(void **state)
{
	(void)state;
	answer_init(&answer);
	answer_add(&answer, "EXIT %d out=%d", 0, 9);
	answer_add_output(&answer, '|', view_of_string("one\ntwo\n\nlast"));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	answer_clear(&answer);
	return 0;
}

static void
assert_shown(const char *wanted)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	answer_print(&answer, out);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void
output_is_shown_line_by_line_with_its_mark(void **state)
{
	(void)state;
	assert_shown("EXIT 0 out=9\n| one\n| two\n| \n| last\n");
}

static void
all_of_another_follows(void **state)
{
	struct answer more;

	(void)state;
	answer_init(&more);
	answer_add_all(&answer, &more);
	answer_add(&more, "asked: Code: ");
	answer_add(&more, "told: Hello");
	answer_add_all(&answer, &more);
	answer_clear(&more);
	assert_shown("EXIT 0 out=9\n| one\n| two\n| \n| last\n"
		     "asked: Code: \ntold: Hello\n");
}

static void
the_time_stands_behind_the_first_line(void **state)
{
	(void)state;
	answer.time_us = 12345;
	assert_shown("EXIT 0 out=9 12.3 ms\n| one\n| two\n| \n| last\n");
}

static void
lines_fit_in_order_by_pattern_or_by_letter(void **state)
{
	static const char *const same[] = { "EXIT 0 *", "| one", "| t?o" };
	static const char *const other[] = { "EXIT 0 *", "| two" };
	static const char *const more[] = { "EXIT 0 *", "| one", "| two", "| ",
		"| last", "| more" };

	(void)state;
	assert_true(answer_fits(&answer, same, 0));
	assert_true(answer_fits(&answer, same, 1));
	assert_true(answer_fits(&answer, same, 3));
	assert_false(answer_fits(&answer, other, 2));
	assert_true(answer_fits(&answer, more, 5));
	assert_false(answer_fits(&answer, more, 6));
}

static void
what_is_no_pattern_fits_itself(void **state)
{
	static const char *const brackets[] = { "a [b] {" };

	(void)state;
	answer_clear(&answer);
	answer_init(&answer);
	answer_add(&answer, "a [b] {");
	assert_true(answer_fits(&answer, brackets, 1));
}

static void
a_failure_fits_nothing(void **state)
{
	(void)state;
	answer.is_failure = true;
	assert_false(answer_fits(&answer, NULL, 0));
}

static void
what_does_not_fit_is_left_out(void **state)
{
	static char much[ANSWER_MAX];

	(void)state;
	memset(much, 'x', sizeof much);
	answer_add_output(&answer, '|', view_of(much, sizeof much));
	answer_add(&answer, "%.*s", (int)sizeof much, much);
	assert_true(buffer_len(&answer.text) <= ANSWER_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    output_is_shown_line_by_line_with_its_mark, begin, end),
		cmocka_unit_test_setup_teardown(
		    the_time_stands_behind_the_first_line, begin, end),
		cmocka_unit_test_setup_teardown(
		    all_of_another_follows, begin, end),
		cmocka_unit_test_setup_teardown(
		    lines_fit_in_order_by_pattern_or_by_letter, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_no_pattern_fits_itself, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_failure_fits_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_does_not_fit_is_left_out, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
