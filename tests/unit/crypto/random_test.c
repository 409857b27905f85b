/* Random bytes: they differ, in one process and across a fork. */
#include "lib/crypto/random.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LEN = 32 };

static void
two_draws_differ(void **unused)
{
	uint8_t one[LEN] = { 0 }, other[LEN] = { 0 };

	(void)unused;
	assert_int_equal(random_bytes(one, LEN), SP_OK);
	assert_int_equal(random_bytes(other, LEN), SP_OK);
	assert_memory_not_equal(one, other, LEN);
	assert_int_equal(random_bytes(one, 0), SP_OK);
}

static void
a_child_draws_other_bytes_than_its_parent(void **unused)
{
	uint8_t ours[LEN], theirs[LEN];
	int ends[2], wait_status;
	pid_t child;

	(void)unused;
	assert_int_equal(random_bytes(ours, LEN), SP_OK);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		bool good = random_bytes(theirs, LEN) == SP_OK &&
		    write(ends[1], theirs, LEN) == LEN;

		_exit(good ? 0 : 1);
	}
	assert_int_equal(random_bytes(ours, LEN), SP_OK);
	assert_int_equal(read(ends[0], theirs, LEN), LEN);
	assert_int_equal(waitpid(child, &wait_status, 0), child);
	assert_int_equal(wait_status, 0);
	assert_memory_not_equal(ours, theirs, LEN);
	close(ends[0]);
	close(ends[1]);
}

static void
too_many_bytes_are_refused(void **unused)
{
	uint8_t byte;

	(void)unused;
	assert_int_equal(random_bytes(&byte, SIZE_MAX), SP_ERR_RANDOM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_draws_differ),
		cmocka_unit_test(a_child_draws_other_bytes_than_its_parent),
		cmocka_unit_test(too_many_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
