/* So many bytes at once, then so many a second. */
#include "daemon/supervisor/allowance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { EACH = 1024 - ALLOWANCE_RECORD };

static void
spend_burst(struct allowance *allowance, uint64_t now)
{
	for (int i = 0; i < ALLOWANCE_BURST / 1024; i++)
		assert_int_equal(allowance_spend(allowance, EACH, now), 0);
}

static void
a_burst_at_once_then_a_rest(void **state)
{
	struct allowance allowance = { 0 };
	uint64_t wait;

	(void)state;
	spend_burst(&allowance, 1000);
	wait = allowance_spend(&allowance, EACH, 1000);
	assert_in_range(wait, 1, 1 + 1024 * 1000 / ALLOWANCE_RATE);
}

static void
over_time_no_more_than_the_rate(void **state)
{
	struct allowance allowance = { 0 };
	uint64_t now = 1000, bytes = 0;

	(void)state;
	spend_burst(&allowance, now);
	while (now < 11000) {
		now += allowance_spend(&allowance, EACH, now);
		bytes += 1024;
	}
	assert_in_range(bytes, 9 * ALLOWANCE_RATE, 11 * ALLOWANCE_RATE);
}

static void
empty_records_cost_as_well(void **state)
{
	struct allowance allowance = { 0 };
	unsigned count = 0;

	(void)state;
	while (allowance_spend(&allowance, 0, 1000) == 0)
		count++;
	assert_in_range(count, 1, ALLOWANCE_BURST / ALLOWANCE_RECORD);
}

static void
the_burst_is_whole_again_after_a_while(void **state)
{
	struct allowance allowance = { 0 };

	(void)state;
	spend_burst(&allowance, 1000);
	spend_burst(&allowance,
	    2000 + (uint64_t)ALLOWANCE_BURST * 1000 / ALLOWANCE_RATE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_at_once_then_a_rest),
		cmocka_unit_test(over_time_no_more_than_the_rate),
		cmocka_unit_test(empty_records_cost_as_well),
		cmocka_unit_test(the_burst_is_whole_again_after_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
