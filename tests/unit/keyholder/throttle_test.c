/* Sixty-four at once, then twenty a second. */
#include "daemon/keyholder/throttle.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
take_burst(struct throttle *throttle)
{
	for (int i = 0; i < THROTTLE_BURST; i++)
		assert_int_equal(throttle_take(throttle, 1000), 0);
}

static void
a_burst_at_once_and_no_more(void **state)
{
	struct throttle throttle = { 0 };

	(void)state;
	take_burst(&throttle);
	assert_int_equal(throttle_take(&throttle, 1000), THROTTLE_INTERVAL);
	assert_int_equal(throttle_take(&throttle, 1030), 20);
}

static void
one_more_every_interval(void **state)
{
	struct throttle throttle = { 0 };

	(void)state;
	take_burst(&throttle);
	for (uint64_t now = 1050; now < 2000; now += THROTTLE_INTERVAL) {
		assert_int_equal(throttle_take(&throttle, now), 0);
		assert_true(throttle_take(&throttle, now) > 0);
	}
}

static void
the_burst_is_whole_again_after_a_while(void **state)
{
	struct throttle throttle = { 0 };

	(void)state;
	take_burst(&throttle);
	for (int i = 0; i < THROTTLE_BURST; i++)
		assert_int_equal(throttle_take(&throttle,
				     1000 + THROTTLE_BURST * THROTTLE_INTERVAL),
		    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_at_once_and_no_more),
		cmocka_unit_test(one_more_every_interval),
		cmocka_unit_test(the_burst_is_whole_again_after_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
