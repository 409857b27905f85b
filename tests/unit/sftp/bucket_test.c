/* What may go by at a rate, at times of a test's own. */
#include "modules/sftp/bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void
without_a_rate_all_may_go(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 0, 5);
	for (uint64_t i = 0; i < 10; i++) {
		bucket_take(&b, UINT64_MAX);
		assert_int_equal(bucket_room(&b, i), SIZE_MAX);
		assert_int_equal(bucket_wait(&b, i), 0);
	}
}

static void
a_quarter_of_a_second_goes_at_once(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 4000, 100);
	assert_int_equal(bucket_room(&b, 100), 1000);
	assert_int_equal(bucket_room(&b, 5000), 1000);
	bucket_take(&b, 1000);
	assert_int_equal(bucket_room(&b, 5000), 0);
	assert_int_equal(bucket_wait(&b, 5000), 1);
	assert_int_equal(bucket_room(&b, 5100), 400);
	assert_int_equal(bucket_room(&b, 9000), 1000);
}

static void
a_debt_is_waited_for(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 1000, 0);
	bucket_take(&b, 250 + 3000);
	assert_int_equal(bucket_wait(&b, 0), 3001);
	assert_int_equal(bucket_room(&b, 3000), 0);
	assert_int_equal(bucket_wait(&b, 3000), 1);
	assert_int_equal(bucket_room(&b, 3001), 1);
}

static void
nothing_is_lost_by_rounding(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 3, 0);
	assert_int_equal(bucket_room(&b, 0), 1);
	bucket_take(&b, 1);
	assert_int_equal(bucket_wait(&b, 0), 334);
	for (uint64_t now = 0; now < 334; now++)
		assert_int_equal(bucket_room(&b, now), 0);
	assert_int_equal(bucket_room(&b, 334), 1);
}

static void
what_is_huge_does_not_overflow(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, UINT64_MAX, 0);
	for (size_t i = 0; i < 100; i++)
		bucket_take(&b, UINT64_MAX);
	assert_true(bucket_wait(&b, 0) > 0);
	assert_int_equal(bucket_room(&b, 0), 0);
	assert_true(bucket_room(&b, UINT64_MAX) > 0);
	assert_true(bucket_room(&b, 0) > 0); /* a clock that goes back */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rate_all_may_go),
		cmocka_unit_test(a_quarter_of_a_second_goes_at_once),
		cmocka_unit_test(a_debt_is_waited_for),
		cmocka_unit_test(nothing_is_lost_by_rounding),
		cmocka_unit_test(what_is_huge_does_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
