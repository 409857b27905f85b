/* Budgets: a burst, then a share; each source by itself; a table that is full. */
#include "daemon/gate/budget.h"

#include "daemon/gate/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COST = 10000 /* us */, START = 1000000 /* ms */ };

static struct cidr_address
v6(uint32_t net, uint8_t host)
{
	struct cidr_address address = { .bytes = { 0x20, 0x01 } };

	memcpy(address.bytes + 4, &net, sizeof net);
	address.bytes[15] = host;
	return address;
}

/* How many it may have before it must wait. */
static unsigned
spend(struct budget *b, const struct cidr_address *source, uint64_t now)
{
	unsigned count = 0;

	while (budget_take(b, source, COST, now) == 0)
		count++;
	return count;
}

static void
after_a_burst_a_source_has_its_share(void **state)
{
	const struct cidr_address source = v6(1, 1);
	struct budget *b = budget_new(7);

	(void)state;
	assert_int_equal(spend(b, &source, START), BUDGET_BURST_US / COST + 1);
	/* In a second of rest, a quarter of a second of computing. */
	assert_int_equal(
	    spend(b, &source, START + 1000), 1000000 / BUDGET_SHARE / COST);
	budget_free(b);
}

static void
gates_that_share_a_source_charge_their_part_of_it_each(void **state)
{
	const struct cidr_address source = v6(1, 1);
	struct budget *b = budget_new(7);

	(void)state;
	budget_share(b, 4);
	assert_int_equal(
	    spend(b, &source, START), BUDGET_BURST_US / COST / 4 + 1);
	assert_int_equal(
	    spend(b, &source, START + 4000), 1000000 / BUDGET_SHARE / COST);
	budget_free(b);
}

static void
who_waits_as_long_as_he_was_told_is_served(void **state)
{
	const struct cidr_address source = v6(1, 1);
	struct budget *b = budget_new(7);
	uint64_t now = START, wait;

	(void)state;
	spend(b, &source, now);
	for (int i = 0; i < 10; i++) {
		wait = budget_take(b, &source, COST, now);
		assert_in_range(wait, 1, COST * BUDGET_SHARE / 1000);
		assert_true(budget_take(b, &source, COST, now + wait - 1) > 0);
		now += wait;
		assert_int_equal(budget_take(b, &source, COST, now), 0);
	}
	budget_free(b);
}

static void
asking_and_waiting_costs_nothing(void **state)
{
	const struct cidr_address source = v6(1, 1);
	struct budget *b = budget_new(7);
	uint64_t wait;

	(void)state;
	spend(b, &source, START);
	wait = budget_take(b, &source, COST, START);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(budget_take(b, &source, COST, START), wait);
	budget_free(b);
}

static void
a_source_that_rested_long_has_no_more_than_a_burst(void **state)
{
	const struct cidr_address source = v6(1, 1);
	struct budget *b = budget_new(7);

	(void)state;
	spend(b, &source, START);
	assert_int_equal(
	    spend(b, &source, START + 100000000), BUDGET_BURST_US / COST + 1);
	budget_free(b);
}

static void
one_network_is_one_source_and_others_are_not_charged(void **state)
{
	const struct cidr_address source = v6(1, 1), sibling = v6(1, 2);
	const struct cidr_address other = v6(2, 1);
	struct budget *b = budget_new(7);

	(void)state;
	spend(b, &source, START);
	assert_true(budget_take(b, &sibling, COST, START) > 0);
	assert_int_equal(budget_take(b, &other, COST, START), 0);
	budget_free(b);
}

/* The table forgets those who owe little, not who owes most. */
static void
passers_by_do_not_pay_a_debt_off(void **state)
{
	const struct cidr_address source = v6(1, 1);
	struct budget *b = budget_new(7);

	(void)state;
	spend(b, &source, START);
	for (uint32_t net = 2; net < 100000; net++) {
		const struct cidr_address passer_by = v6(net, 1);

		assert_int_equal(budget_take(b, &passer_by, COST, START), 0);
	}
	assert_true(budget_take(b, &source, COST, START) > 0);
	budget_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_burst_a_source_has_its_share),
		cmocka_unit_test(
		    gates_that_share_a_source_charge_their_part_of_it_each),
		cmocka_unit_test(who_waits_as_long_as_he_was_told_is_served),
		cmocka_unit_test(asking_and_waiting_costs_nothing),
		cmocka_unit_test(
		    a_source_that_rested_long_has_no_more_than_a_burst),
		cmocka_unit_test(
		    one_network_is_one_source_and_others_are_not_charged),
		cmocka_unit_test(passers_by_do_not_pay_a_debt_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
