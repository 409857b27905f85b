/* A clock of failures: whatever it took, they come on its strokes. */
#include "daemon/login/stroke.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int64_t
passed_us(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000000 +
	    (now.tv_nsec - since->tv_nsec) / 1000;
}

static void
what_took_no_time_waits_for_the_first_stroke(void **state)
{
	struct timespec since;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &since);
	stroke_wait(&since, 20);
	assert_in_range(passed_us(&since), 20000, 39000);
}

static void
what_took_longer_waits_for_a_later_one(void **state)
{
	const struct timespec work = { .tv_nsec = 47000000 };
	struct timespec since;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &since);
	nanosleep(&work, NULL);
	stroke_wait(&since, 40);
	assert_in_range(passed_us(&since) % 40000, 0, 15000);
	assert_in_range(passed_us(&since), 80000, 400000);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_took_no_time_waits_for_the_first_stroke),
		cmocka_unit_test(what_took_longer_waits_for_a_later_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
