/* The heap: what is allocated later lies together, behind what there was. */
#include "daemon/login/heap.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 2000 };

static void
what_comes_later_fills_no_gap(void **state)
{
	static void *blocks[COUNT];
	uintptr_t last = 0;

	(void)state;
	if (mallinfo2().arena == 0)
		skip(); /* not glibc's malloc */
	for (size_t i = 0; i < COUNT; i++) {
		blocks[i] = malloc(24 + i);
		assert_non_null(blocks[i]);
		if ((uintptr_t)blocks[i] > last)
			last = (uintptr_t)blocks[i];
	}
	for (size_t i = 0; i < COUNT; i += 2)
		free(blocks[i]);
	heap_close_gaps();
	for (size_t size = 24; size < 2000; size += 100) {
		void *block = malloc(size);

		assert_true((uintptr_t)block > last);
		free(block);
	}
	for (size_t i = 1; i < COUNT; i += 2)
		free(blocks[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_later_fills_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
