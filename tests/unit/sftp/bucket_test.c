/* What may go by at a rate: at once, in time, as a debt, and for many. */
#include "modules/sftp/bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const uint64_t ms = 1000000, second = 1000000000;

static void
without_a_rate_all_may_go(void **state)
{
	uint64_t due = 0;
	const struct bucket b = { 0, &due };

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		bucket_take(&b, UINT64_MAX, i);
		assert_int_equal(bucket_room(&b, i), SIZE_MAX);
		assert_int_equal(bucket_wait(&b, i), 0);
	}
}

static void
a_quarter_of_a_second_may_go_at_once(void **state)
{
	uint64_t due = 0;
	const struct bucket b = { 4000, &due };

	(void)state;
	assert_int_equal(bucket_room(&b, 100 * ms), 1000);
	assert_int_equal(bucket_room(&b, 5000 * ms), 1000);
	bucket_take(&b, 1000, 5000 * ms);
	assert_int_equal(bucket_room(&b, 5000 * ms), 0);
	assert_int_equal(bucket_wait(&b, 5000 * ms), ms / 4);
	assert_int_equal(bucket_room(&b, 5100 * ms), 400);
	assert_int_equal(bucket_room(&b, 9000 * ms), 1000);
}

static void
a_debt_is_waited_for(void **state)
{
	uint64_t due = 0;
	const struct bucket b = { 1000, &due };

	(void)state;
	bucket_take(&b, 250 + 3000, 0);
	assert_int_equal(bucket_wait(&b, 0), 3001 * ms);
	assert_int_equal(bucket_room(&b, 3000 * ms), 0);
	assert_int_equal(bucket_wait(&b, 3000 * ms), ms);
	assert_int_equal(bucket_room(&b, 3001 * ms), 1);
}

static void
a_rate_of_a_few_bytes_lets_one_go_after_the_other(void **state)
{
	uint64_t due = 0, wait;
	const struct bucket b = { 3, &due };

	(void)state;
	assert_int_equal(bucket_room(&b, 0), 1);
	bucket_take(&b, 1, 0);
	wait = bucket_wait(&b, 0);
	assert_in_range(wait, second / 3, second / 3 + 1);
	assert_int_equal(bucket_room(&b, wait - 1), 0);
	assert_int_equal(bucket_room(&b, wait), 1);
}

/* As the number was left by a process that was taken over, or by a clock. */
static void
no_number_is_too_large(void **state)
{
	static const uint64_t rates[] = { 1, 1000, 1ULL << 40, UINT64_MAX };
	uint64_t due;

	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		const struct bucket b = { rates[i], &due };

		due = 0;
		for (int k = 0; k < 4; k++)
			bucket_take(&b, UINT64_MAX, 0);
		assert_in_range(bucket_wait(&b, 0), 0, 3601 * second);
		due = UINT64_MAX;
		assert_in_range(bucket_wait(&b, 0), 1, 3601 * second);
		bucket_take(&b, 5, 0);
		assert_in_range(due, 1, 3600 * second);
		assert_true(bucket_room(&b, 4000 * second) > 0);
	}
}

/* Two who know of each other's number alone have together what one has. */
static void
who_shares_a_number_shares_the_rate(void **state)
{
	uint64_t due = 0;
	const struct bucket a = { 4000, &due }, b = { 4000, &due };

	(void)state;
	bucket_take(&a, 600, 0);
	assert_int_equal(bucket_room(&b, 0), 400);
	bucket_take(&b, 400, 0);
	assert_int_equal(bucket_room(&a, 0), 0);
	assert_int_equal(bucket_room(&a, 100 * ms), 400);
}

enum { TAKERS = 4, TAKES = 20000 };

static void
nothing_is_lost_of_what_many_take_at_once(void **state)
{
	uint64_t *due = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct bucket b = { 1000000, due };
	int status;

	(void)state;
	assert_ptr_not_equal(due, MAP_FAILED);
	for (int i = 0; i < TAKERS; i++) {
		if (fork() != 0)
			continue;
		for (int k = 0; k < TAKES; k++)
			bucket_take(&b, 3, 7);
		_exit(0);
	}
	for (int i = 0; i < TAKERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(*due, 7 + TAKERS * TAKES * 3 * 1000);
	munmap(due, 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rate_all_may_go),
		cmocka_unit_test(a_quarter_of_a_second_may_go_at_once),
		cmocka_unit_test(a_debt_is_waited_for),
		cmocka_unit_test(
		    a_rate_of_a_few_bytes_lets_one_go_after_the_other),
		cmocka_unit_test(no_number_is_too_large),
		cmocka_unit_test(who_shares_a_number_shares_the_rate),
		cmocka_unit_test(nothing_is_lost_of_what_many_take_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
