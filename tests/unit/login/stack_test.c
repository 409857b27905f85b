/* The stack: what nobody stands on is given back, and nothing else. */
#include "daemon/login/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEPTH = 100 * 1024 };

/* Goes deep, and tells where the middle of that was. */
static __attribute__((noinline)) uintptr_t
go_deep(void)
{
	char room[DEPTH];
	volatile char *byte = room;

	memset(room, 'x', sizeof room);
	return byte[0] == 'x' ? (uintptr_t)&byte[DEPTH / 2] : 0;
}

static bool
is_there(uintptr_t address)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned char found = 0;

	return mincore((void *)(address & ~(page - 1)), page, &found) == 0 &&
	    (found & 1) != 0;
}

static void
what_was_left_below_is_given_back(void **state)
{
	uintptr_t below = go_deep();

	(void)state;
	assert_true(is_there(below));
	stack_release();
	assert_false(is_there(below));
}

static void
what_stands_stays(void **state)
{
	char kept[3 * 4096];

	(void)state;
	memset(kept, 'k', sizeof kept);
	(void)go_deep();
	stack_release();
	for (size_t i = 0; i < sizeof kept; i++)
		assert_int_equal(kept[i], 'k');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_left_below_is_given_back),
		cmocka_unit_test(what_stands_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
