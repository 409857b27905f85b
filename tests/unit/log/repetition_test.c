/* The first, and then one in a while with the number of the others. */
#include "daemon/log/repetition.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
the_first_is_written_and_the_rest_counted(void **state)
{
	struct repetition repetition = { 0 };
	uint64_t left_out = 7;

	(void)state;
	assert_true(repetition_allows(&repetition, 1000, &left_out));
	assert_int_equal(left_out, 0);
	for (uint64_t now = 1000; now < 1000 + REPETITION_TIME; now++)
		assert_false(repetition_allows(&repetition, now, &left_out));
	assert_true(
	    repetition_allows(&repetition, 1000 + REPETITION_TIME, &left_out));
	assert_int_equal(left_out, REPETITION_TIME);
}

static void
those_left_out_are_told_without_another(void **state)
{
	struct repetition repetition = { 0 };
	uint64_t left_out;
	uint64_t end = 1000 + REPETITION_TIME;

	(void)state;
	assert_false(repetition_is_due(&repetition, 1000, &left_out));
	assert_true(repetition_allows(&repetition, 1000, &left_out));
	assert_false(repetition_is_due(&repetition, end, &left_out));
	assert_false(repetition_allows(&repetition, 1001, &left_out));
	assert_int_equal(repetition.left_out, 1);
	assert_true(repetition_is_due(&repetition, end, &left_out));
	assert_int_equal(left_out, 1);
	assert_false(repetition_is_due(&repetition, 10 * end, &left_out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_written_and_the_rest_counted),
		cmocka_unit_test(those_left_out_are_told_without_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
