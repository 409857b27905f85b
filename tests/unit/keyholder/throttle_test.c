/* Five at once, then one in ten seconds. */
#include "daemon/keyholder/throttle.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
five_at_once_and_no_sixth(void **state)
{
	struct throttle throttle = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(throttle_take(&throttle, 1000));
	assert_false(throttle_take(&throttle, 1000));
	assert_false(throttle_take(&throttle, 10999));
}

static void
one_more_every_ten_seconds(void **state)
{
	struct throttle throttle = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		throttle_take(&throttle, 1000);
	for (uint64_t now = 11000; now < 100000; now += 10000) {
		assert_true(throttle_take(&throttle, now));
		assert_false(throttle_take(&throttle, now));
	}
}

static void
the_burst_is_whole_again_after_fifty_seconds(void **state)
{
	struct throttle throttle = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		throttle_take(&throttle, 1000);
	for (int i = 0; i < 5; i++)
		assert_true(throttle_take(&throttle, 51000));
	assert_false(throttle_take(&throttle, 51000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_at_once_and_no_sixth),
		cmocka_unit_test(one_more_every_ten_seconds),
		cmocka_unit_test(the_burst_is_whole_again_after_fifty_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
