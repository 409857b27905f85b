/* Who may have a login process, and in which order. */
#include "daemon/login/turnstile.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct turnstile_limits limits = {
	.running = 4,
	.running_per_source = 2,
	.waiting = 8,
	.waiting_per_source = 3,
};

static struct cidr_address
address(const char *text)
{
	struct cidr_address a;

	assert_true(cidr_parse_address(text, &a));
	return a;
}

static bool
enter(struct turnstile *t, struct turnstile_visitor *v, const char *from)
{
	struct cidr_address a = address(from);

	return turnstile_enter(t, v, &a);
}

static void
a_source_has_so_many_and_no_more(void **state)
{
	struct turnstile_visitor v[3] = { 0 };
	struct turnstile t;

	(void)state;
	turnstile_init(&t, &limits);
	for (int i = 0; i < 3; i++)
		assert_true(enter(&t, &v[i], "192.0.2.1"));
	assert_ptr_equal(turnstile_next(&t), &v[0]);
	assert_ptr_equal(turnstile_next(&t), &v[1]);
	assert_null(turnstile_next(&t));
	turnstile_leave(&t, &v[0]);
	assert_ptr_equal(turnstile_next(&t), &v[2]);
	turnstile_leave(&t, &v[1]);
	turnstile_leave(&t, &v[2]);
	assert_true(TAILQ_EMPTY(&t.sources));
}

static void
all_sources_together_have_a_limit_and_take_turns(void **state)
{
	struct turnstile_visitor a[3] = { 0 }, b[3] = { 0 }, c[2] = { 0 };
	struct turnstile t;

	(void)state;
	turnstile_init(&t, &limits);
	for (int i = 0; i < 3; i++)
		assert_true(enter(&t, &a[i], "192.0.2.1"));
	for (int i = 0; i < 3; i++)
		assert_true(enter(&t, &b[i], "192.0.2.2"));
	for (int i = 0; i < 2; i++)
		assert_true(enter(&t, &c[i], "192.0.2.3"));
	assert_ptr_equal(turnstile_next(&t), &a[0]);
	assert_ptr_equal(turnstile_next(&t), &b[0]);
	assert_ptr_equal(turnstile_next(&t), &c[0]);
	assert_ptr_equal(turnstile_next(&t), &a[1]);
	assert_null(turnstile_next(&t));
	turnstile_leave(&t, &c[0]);
	assert_ptr_equal(turnstile_next(&t), &b[1]);
	while (turnstile_dismiss(&t) != NULL)
		continue;
	turnstile_leave(&t, &a[0]);
	turnstile_leave(&t, &a[1]);
	turnstile_leave(&t, &b[0]);
	turnstile_leave(&t, &b[1]);
	assert_true(TAILQ_EMPTY(&t.sources));
	assert_int_equal(t.waiting, 0);
}

static void
lines_are_bounded(void **state)
{
	static const char *const sources[] = { "192.0.2.1", "192.0.2.2",
		"192.0.2.3" };
	struct turnstile_visitor v[10] = { 0 };
	struct turnstile t;

	(void)state;
	turnstile_init(&t, &limits);
	for (int i = 0; i < 3; i++)
		assert_true(enter(&t, &v[i], sources[0]));
	assert_false(enter(&t, &v[3], sources[0]));
	for (int i = 3; i < 6; i++)
		assert_true(enter(&t, &v[i], sources[1]));
	for (int i = 6; i < 8; i++)
		assert_true(enter(&t, &v[i], sources[2]));
	assert_null(turnstile_surplus(&t));
	while (turnstile_dismiss(&t) != NULL)
		continue;
	assert_true(TAILQ_EMPTY(&t.sources));
}

static void
where_too_many_wait_the_oldest_of_the_source_with_most_goes(void **state)
{
	struct turnstile_visitor v[10] = { 0 };
	struct turnstile t;

	(void)state;
	turnstile_init(&t, &limits);
	for (unsigned i = 0; i < 10; i++)
		v[i].deadline = 100 + i;
	assert_true(enter(&t, &v[0], "192.0.2.1"));
	for (int i = 1; i < 4; i++)
		assert_true(enter(&t, &v[i], "192.0.2.2"));
	for (int i = 4; i < 7; i++)
		assert_true(enter(&t, &v[i], "192.0.2.3"));
	assert_true(enter(&t, &v[7], "192.0.2.4"));
	assert_null(turnstile_surplus(&t));
	assert_true(enter(&t, &v[8], "192.0.2.5"));
	/* Both have three: the first of them came before the other's. */
	assert_ptr_equal(turnstile_surplus(&t), &v[1]);
	assert_null(turnstile_surplus(&t));
	assert_true(enter(&t, &v[9], "192.0.2.6"));
	assert_ptr_equal(turnstile_surplus(&t), &v[4]);
	while (turnstile_dismiss(&t) != NULL)
		continue;
	assert_true(TAILQ_EMPTY(&t.sources));
}

static void
where_each_waits_alone_the_oldest_goes_and_no_newcomer(void **state)
{
	static const char *const sources[] = { "192.0.2.1", "192.0.2.2",
		"192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7",
		"192.0.2.8", "192.0.2.9", "192.0.2.10" };
	struct turnstile_visitor v[10] = { 0 };
	struct turnstile t;

	(void)state;
	turnstile_init(&t, &limits);
	for (unsigned i = 0; i < 10; i++) {
		v[i].deadline = 100 + i;
		assert_true(enter(&t, &v[i], sources[i]));
		if (i < 8)
			assert_null(turnstile_surplus(&t));
		else
			assert_ptr_equal(turnstile_surplus(&t), &v[i - 8]);
	}
	while (turnstile_dismiss(&t) != NULL)
		continue;
	assert_true(TAILQ_EMPTY(&t.sources));
}

static void
an_ipv6_source_is_its_first_64_bits(void **state)
{
	struct turnstile_visitor v[4] = { 0 };
	struct turnstile t;

	(void)state;
	turnstile_init(&t, &limits);
	assert_true(enter(&t, &v[0], "2001:db8:1:2::1"));
	assert_true(enter(&t, &v[1], "2001:db8:1:2:ffff::9"));
	assert_true(enter(&t, &v[2], "2001:db8:1:2:3:4:5:6"));
	assert_false(enter(&t, &v[3], "2001:db8:1:2::7"));
	assert_true(enter(&t, &v[3], "2001:db8:1:3::7"));
	while (turnstile_dismiss(&t) != NULL)
		continue;
}

static void
who_waits_too_long_is_taken_out(void **state)
{
	struct turnstile_visitor v[3] = { { .deadline = 10 },
		{ .deadline = 20 }, { .deadline = 15 } };
	struct turnstile t;

	(void)state;
	turnstile_init(&t, &limits);
	assert_true(turnstile_deadline(&t) == UINT64_MAX);
	assert_true(enter(&t, &v[0], "192.0.2.1"));
	assert_true(enter(&t, &v[1], "192.0.2.1"));
	assert_true(enter(&t, &v[2], "192.0.2.2"));
	assert_true(turnstile_deadline(&t) == 10);
	assert_null(turnstile_expire(&t, 9));
	assert_ptr_equal(turnstile_expire(&t, 15), &v[0]);
	assert_ptr_equal(turnstile_expire(&t, 15), &v[2]);
	assert_null(turnstile_expire(&t, 15));
	assert_true(turnstile_deadline(&t) == 20);
	assert_ptr_equal(turnstile_dismiss(&t), &v[1]);
	assert_null(turnstile_dismiss(&t));
	assert_true(TAILQ_EMPTY(&t.sources));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_has_so_many_and_no_more),
		cmocka_unit_test(
		    all_sources_together_have_a_limit_and_take_turns),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(
		    where_too_many_wait_the_oldest_of_the_source_with_most_goes),
		cmocka_unit_test(
		    where_each_waits_alone_the_oldest_goes_and_no_newcomer),
		cmocka_unit_test(an_ipv6_source_is_its_first_64_bits),
		cmocka_unit_test(who_waits_too_long_is_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
