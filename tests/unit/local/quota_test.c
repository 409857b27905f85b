/* What is reserved and given back, by one and by many at once. */
#include "modules/local/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t numbers[QUOTA_NUMBERS];

static struct quota
make(uint64_t bytes, uint64_t names)
{
	memset(numbers, 0, sizeof numbers);
	return (struct quota){ numbers, { bytes, names } };
}

static void
nothing_is_reserved_before_it_was_counted(void **state)
{
	struct quota q = make(100, 10);

	(void)state;
	assert_false(quota_is_counted(&q));
	assert_false(quota_reserve(&q, 1, 0));
	assert_false(quota_reserve(&q, 0, 1));
	quota_return(&q, 5, 5);
	assert_false(quota_is_counted(&q));
	quota_set(&q, &(struct quota_amount){ 0, 0 });
	assert_true(quota_is_counted(&q));
	assert_true(quota_reserve(&q, 1, 1));
}

static void
the_first_count_holds(void **state)
{
	struct quota q = make(100, 10);

	(void)state;
	quota_set(&q, &(struct quota_amount){ 40, 4 });
	quota_set(&q, &(struct quota_amount){ 7, 7 });
	assert_int_equal(quota_left(&q).bytes, 60);
	assert_int_equal(quota_left(&q).names, 6);
}

static void
all_of_it_or_nothing_is_reserved(void **state)
{
	struct quota q = make(100, 10);

	(void)state;
	quota_set(&q, &(struct quota_amount){ 40, 10 });
	assert_false(quota_reserve(&q, 61, 0));
	assert_false(quota_reserve(&q, 10, 1));
	assert_int_equal(quota_left(&q).bytes, 60);
	assert_true(quota_reserve(&q, 60, 0));
	assert_int_equal(quota_left(&q).bytes, 0);
	assert_true(quota_reserve(&q, 0, 0));
	assert_false(quota_reserve(&q, 1, 0));
	quota_return(&q, 10, 1);
	assert_true(quota_reserve(&q, 10, 1));
	assert_false(quota_reserve(&q, UINT64_MAX, 0));
}

/* A limit of a reload, or what others brought there. */
static void
more_than_may_be_there_may_be_there(void **state)
{
	struct quota q = make(100, 10);

	(void)state;
	quota_set(&q, &(struct quota_amount){ 500, 20 });
	assert_false(quota_reserve(&q, 1, 0));
	assert_int_equal(quota_left(&q).bytes, 0);
	quota_return(&q, 450, 15);
	assert_true(quota_reserve(&q, 50, 5));
	/* More than was counted is nothing, and is known still. */
	quota_return(&q, 5000, 5000);
	assert_true(quota_is_counted(&q));
	assert_int_equal(quota_left(&q).bytes, 100);
}

static void
no_limit_is_none(void **state)
{
	struct quota q = make(0, 1);

	(void)state;
	quota_set(&q, &(struct quota_amount){ UINT64_MAX, 0 });
	assert_int_equal(quota_left(&q).bytes, UINT64_MAX);
	assert_false(quota_reserve(&q, 1, 0)); /* nothing overflows */
	q = make(0, 1);
	quota_set(&q, &(struct quota_amount){ 0, 0 });
	assert_true(quota_reserve(&q, 1ULL << 62, 1));
	assert_false(quota_reserve(&q, 0, 1));
}

static void
one_counts_unless_he_does_not_go_on(void **state)
{
	struct quota q = make(1, 1);

	(void)state;
	assert_true(quota_claim_count(&q, false, 5000));
	assert_false(quota_claim_count(&q, false, 5500));
	assert_true(quota_claim_count(&q, true, 5900));
	assert_false(quota_claim_count(&q, false, 6800));
	assert_true(quota_claim_count(&q, false, 6900));
	/* Whatever the number says. */
	numbers[2] = UINT64_MAX;
	assert_true(quota_claim_count(&q, false, 7000));
}

enum { MANY = 8, ROUNDS = 20000 };

static void
many_at_once_never_have_more_together(void **state)
{
	uint64_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct quota q = { shared, { 1000, 100 } };
	uint64_t *held = shared + 8, *most = shared + 9;
	int status;

	(void)state;
	assert_ptr_not_equal(shared, MAP_FAILED);
	quota_set(&q, &(struct quota_amount){ 0, 0 });
	for (int i = 0; i < MANY; i++) {
		if (fork() != 0)
			continue;
		for (int k = 0; k < ROUNDS; k++) {
			uint64_t now;

			if (!quota_reserve(&q, 300, 1))
				continue;
			now = __atomic_add_fetch(held, 300, __ATOMIC_SEQ_CST);
			if (now > __atomic_load_n(most, __ATOMIC_SEQ_CST))
				__atomic_store_n(most, now, __ATOMIC_SEQ_CST);
			__atomic_sub_fetch(held, 300, __ATOMIC_SEQ_CST);
			quota_return(&q, 300, 1);
		}
		_exit(0);
	}
	for (int i = 0; i < MANY; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_in_range(*most, 300, 900);
	assert_int_equal(quota_left(&q).bytes, 1000);
	assert_int_equal(quota_left(&q).names, 100);
	munmap(shared, 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_reserved_before_it_was_counted),
		cmocka_unit_test(the_first_count_holds),
		cmocka_unit_test(all_of_it_or_nothing_is_reserved),
		cmocka_unit_test(more_than_may_be_there_may_be_there),
		cmocka_unit_test(no_limit_is_none),
		cmocka_unit_test(one_counts_unless_he_does_not_go_on),
		cmocka_unit_test(many_at_once_never_have_more_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
