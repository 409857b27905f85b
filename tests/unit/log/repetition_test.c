/* So many in a while, and how many more there were. */
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
as_many_as_are_allowed_are_written_in_a_while(void **state)
{
	struct repetition repetition = { .most = 3 };
	uint64_t left_out = 7;

	(void)state;
	for (uint64_t now = 1; now < 10; now++)
		assert_int_equal(
		    repetition_allows(&repetition, now, &left_out), now <= 3);
	assert_true(
	    repetition_allows(&repetition, 1 + REPETITION_TIME, &left_out));
	assert_int_equal(left_out, 6);
	assert_true(
	    repetition_allows(&repetition, 1 + REPETITION_TIME, &left_out));
	assert_int_equal(left_out, 0);
}

static void
those_left_out_want_a_line_when_their_while_is_over(void **state)
{
	struct repetition repetition = { 0 };
	uint64_t left_out;

	(void)state;
	assert_int_equal(repetition_deadline(&repetition), UINT64_MAX);
	assert_true(repetition_allows(&repetition, 1000, &left_out));
	assert_int_equal(repetition_deadline(&repetition), UINT64_MAX);
	assert_false(repetition_allows(&repetition, 1001, &left_out));
	assert_int_equal(
	    repetition_deadline(&repetition), 1000 + REPETITION_TIME);
	assert_true(
	    repetition_allows(&repetition, 1000 + REPETITION_TIME, &left_out));
	assert_int_equal(left_out, 1);
	assert_int_equal(repetition_deadline(&repetition), UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_written_and_the_rest_counted),
		cmocka_unit_test(as_many_as_are_allowed_are_written_in_a_while),
		cmocka_unit_test(
		    those_left_out_want_a_line_when_their_while_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
