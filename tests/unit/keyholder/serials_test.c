/* Every number once, and none that may have been taken. */
#include "daemon/keyholder/serials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct serials serials;

static int
start(void **state)
{
	(void)state;
	memset(&serials, 0, sizeof serials);
	return 0;
}

static void
each_is_taken_once_in_any_order(void **state)
{
	static const uint64_t order[] = { 1, 3, 2, 70, 64, 63, 65, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		assert_true(serials_take(&serials, order[i]));
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		assert_false(serials_take(&serials, order[i]));
}

static void
zero_is_none(void **state)
{
	(void)state;
	assert_false(serials_take(&serials, 0));
}

static void
what_is_too_long_ago_is_refused(void **state)
{
	(void)state;
	assert_true(serials_take(&serials, SERIALS_KEPT + 10));
	assert_false(serials_take(&serials, 10));
	assert_true(serials_take(&serials, 11));
	assert_true(serials_take(&serials, UINT64_MAX));
	assert_false(serials_take(&serials, UINT64_MAX));
	assert_false(serials_take(&serials, SERIALS_KEPT + 11));
}

static void
a_place_in_the_ring_is_used_again(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < 3 * (uint64_t)SERIALS_KEPT; i += 1000) {
		assert_true(serials_take(&serials, i));
		assert_false(serials_take(&serials, i));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_is_taken_once_in_any_order, start),
		cmocka_unit_test_setup(zero_is_none, start),
		cmocka_unit_test_setup(what_is_too_long_ago_is_refused, start),
		cmocka_unit_test_setup(
		    a_place_in_the_ring_is_used_again, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
