/* How an account grows and fades, and what a login is worth to it. */
#include "daemon/ledger/penalty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND = 1000, NOW = 1000000 };

static const struct penalty_settings settings = {
	.are_on = true,
	.crash = 90 * SECOND,
	.authfail = 5 * SECOND,
	.noauth = SECOND,
	.grace_exceeded = 10 * SECOND,
	.min = 15 * SECOND,
	.max = 600 * SECOND,
	.max_known = 30 * SECOND,
	.known_time = 86400 * SECOND,
};

static bool
charge(struct arrears_account *account, enum conduct_kind kind, uint64_t now)
{
	return penalty_charge(account, &settings, kind, PENALTY_NO_LIMIT, now);
}

static bool
is_refused(const struct arrears_account *account, uint64_t now)
{
	return account->is_enforced && account->until > now;
}

static void
each_failure_adds_its_price(void **state)
{
	static const struct {
		enum conduct_kind kind;
		uint64_t price;
	} prices[] = {
		{ CONDUCT_NOAUTH, SECOND },
		{ CONDUCT_GRACE_EXCEEDED, 10 * SECOND },
		{ CONDUCT_AUTHFAIL, 5 * SECOND },
		{ CONDUCT_CRASH, 90 * SECOND },
		{ CONDUCT_SUCCESS, 0 },
		{ CONDUCT_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++) {
		struct arrears_account account = { .until = NOW + SECOND };

		charge(&account, prices[i].kind, NOW);
		assert_int_equal(account.until, NOW + SECOND + prices[i].price);
	}
}

static void
nobody_is_refused_who_owes_little(void **state)
{
	struct arrears_account account = { 0 };

	(void)state;
	assert_false(charge(&account, CONDUCT_AUTHFAIL, NOW));
	assert_false(charge(&account, CONDUCT_AUTHFAIL, NOW));
	assert_false(is_refused(&account, NOW));
	assert_true(charge(&account, CONDUCT_AUTHFAIL, NOW));
	assert_true(is_refused(&account, NOW));
	assert_int_equal(account.cause, CONDUCT_AUTHFAIL);
	/* And then until all is paid. */
	assert_true(is_refused(&account, NOW + 15 * SECOND - 1));
	assert_false(is_refused(&account, NOW + 15 * SECOND));
}

static void
one_crash_is_enough(void **state)
{
	struct arrears_account account = { 0 };

	(void)state;
	assert_true(charge(&account, CONDUCT_CRASH, NOW));
	assert_true(is_refused(&account, NOW + 89 * SECOND));
	assert_false(is_refused(&account, NOW + 90 * SECOND));
}

static void
it_fades_as_time_goes_by(void **state)
{
	struct arrears_account account = { 0 };

	(void)state;
	/* A failure each six seconds is never held against anybody. */
	for (uint64_t n = 0; n < 100; n++)
		assert_false(
		    charge(&account, CONDUCT_AUTHFAIL, NOW + n * 6 * SECOND));
	assert_false(is_refused(&account, NOW + 600 * SECOND));
	/* Each three is more than fades. */
	for (uint64_t n = 0; n < 10; n++)
		charge(
		    &account, CONDUCT_AUTHFAIL, NOW + (1000 + n * 3) * SECOND);
	assert_true(is_refused(&account, NOW + 1030 * SECOND));
}

static void
who_has_paid_begins_anew(void **state)
{
	struct arrears_account account = { 0 };
	uint64_t later = NOW + 90 * SECOND;

	(void)state;
	assert_true(charge(&account, CONDUCT_CRASH, NOW));
	assert_false(charge(&account, CONDUCT_AUTHFAIL, later));
	assert_false(is_refused(&account, later));
	assert_int_equal(account.until, later + 5 * SECOND);
}

/* One line a raise: by connections that were there before it was refused. */
static void
who_is_refused_already_is_so_for_longer(void **state)
{
	struct arrears_account account = { 0 };

	(void)state;
	assert_true(charge(&account, CONDUCT_CRASH, NOW));
	/* Though what is left is less than min. */
	assert_true(charge(&account, CONDUCT_NOAUTH, NOW + 89 * SECOND));
	assert_true(is_refused(&account, NOW + 90 * SECOND));
}

static void
nobody_owes_more_than_max(void **state)
{
	struct arrears_account account = { 0 };

	(void)state;
	for (int n = 0; n < 6; n++)
		assert_true(charge(&account, CONDUCT_CRASH, NOW));
	assert_int_equal(account.until, NOW + 540 * SECOND);
	assert_true(charge(&account, CONDUCT_CRASH, NOW));
	assert_int_equal(account.until, NOW + 600 * SECOND);
	/* That is no raise, and no line of the log. */
	assert_false(charge(&account, CONDUCT_CRASH, NOW));
	assert_int_equal(account.until, NOW + 600 * SECOND);
}

static void
a_word_that_is_limited_adds_no_more_and_takes_nothing(void **state)
{
	struct arrears_account account = { 0 };

	(void)state;
	for (int n = 0; n < 100; n++)
		penalty_charge(&account, &settings, CONDUCT_GRACE_EXCEEDED,
		    30 * SECOND, NOW);
	assert_int_equal(account.until, NOW + 30 * SECOND);
	assert_true(charge(&account, CONDUCT_CRASH, NOW));
	assert_false(penalty_charge(
	    &account, &settings, CONDUCT_GRACE_EXCEEDED, 30 * SECOND, NOW));
	assert_int_equal(account.until, NOW + 120 * SECOND);
}

static void
a_login_pays_for_no_guesses(void **state)
{
	struct arrears_account account = { 0 };
	unsigned refused = 0;

	(void)state;
	for (int n = 0; n < 10; n++) {
		charge(&account, CONDUCT_AUTHFAIL, NOW);
		penalty_settle(&account, &settings, NOW);
		refused += is_refused(&account, NOW);
	}
	/* From the third on. */
	assert_int_equal(refused, 8);
	assert_int_equal(account.until, NOW + 30 * SECOND);
}

static void
from_where_somebody_got_in_little_is_owed(void **state)
{
	struct arrears_account account = { 0 };
	uint64_t next_day = NOW + settings.known_time;

	(void)state;
	for (int n = 0; n < 100; n++)
		charge(&account, CONDUCT_CRASH, NOW);
	penalty_settle(&account, &settings, NOW);
	assert_int_equal(account.until, NOW + 30 * SECOND);
	for (int n = 0; n < 100; n++)
		charge(&account, CONDUCT_CRASH, NOW);
	assert_int_equal(account.until, NOW + 30 * SECOND);
	assert_true(is_refused(&account, NOW));
	/* It is not known for ever. */
	for (int n = 0; n < 100; n++)
		charge(&account, CONDUCT_CRASH, next_day);
	assert_int_equal(account.until, next_day + 600 * SECOND);
}

/* The clock cannot be set, but settings can, and memory outlives a ledger. */
static void
what_cannot_be_owed_is_not(void **state)
{
	struct arrears_account account = {
		.until = UINT64_MAX >> 8,
		.is_enforced = true,
	};

	(void)state;
	penalty_settle(&account, &settings, NOW);
	assert_int_equal(account.until, NOW + 30 * SECOND);
	account = (struct arrears_account){ .until = NOW + 5 * SECOND };
	/* An hour back: as much as can be, and it fades. */
	charge(&account, CONDUCT_AUTHFAIL, 0);
	assert_int_equal(account.until, 600 * SECOND);
	/* A day ahead: all is paid. */
	charge(&account, CONDUCT_AUTHFAIL, settings.known_time);
	assert_int_equal(account.until, settings.known_time + 5 * SECOND);
}

static void
what_has_no_price_is_not_held_against_anybody(void **state)
{
	struct penalty_settings free_of_charge = settings;
	struct arrears_account account = { 0 };

	(void)state;
	free_of_charge.noauth = 0;
	for (int n = 0; n < 1000; n++)
		assert_false(penalty_charge(&account, &free_of_charge,
		    CONDUCT_NOAUTH, PENALTY_NO_LIMIT, NOW));
	assert_int_equal(account.until, 0);
}

static void
without_a_min_the_first_failure_counts(void **state)
{
	struct penalty_settings strict = settings;
	struct arrears_account account = { 0 };

	(void)state;
	strict.min = 0;
	assert_true(penalty_charge(
	    &account, &strict, CONDUCT_NOAUTH, PENALTY_NO_LIMIT, NOW));
	assert_true(is_refused(&account, NOW));
	penalty_settle(&account, &strict, NOW + SECOND);
	assert_false(is_refused(&account, NOW + SECOND));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_adds_its_price),
		cmocka_unit_test(nobody_is_refused_who_owes_little),
		cmocka_unit_test(one_crash_is_enough),
		cmocka_unit_test(it_fades_as_time_goes_by),
		cmocka_unit_test(who_has_paid_begins_anew),
		cmocka_unit_test(who_is_refused_already_is_so_for_longer),
		cmocka_unit_test(nobody_owes_more_than_max),
		cmocka_unit_test(
		    a_word_that_is_limited_adds_no_more_and_takes_nothing),
		cmocka_unit_test(a_login_pays_for_no_guesses),
		cmocka_unit_test(from_where_somebody_got_in_little_is_owed),
		cmocka_unit_test(what_cannot_be_owed_is_not),
		cmocka_unit_test(what_has_no_price_is_not_held_against_anybody),
		cmocka_unit_test(without_a_min_the_first_failure_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
