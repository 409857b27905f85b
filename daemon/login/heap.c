/* The heap, filled up to where new pages begin. */
#include "daemon/login/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	HEAP_PAGE = 4096,
	HEAP_GAP_MAX = 16 * HEAP_PAGE, /* larger ones are rare, and trimmed */
	HEAP_STEP = 16, /* malloc's sizes differ by that */
	HEAP_RUBBISH = 0xa5,
};

/* What fills a gap; never freed. */
struct filler {
	struct filler *next;
};

static struct filler *fillers;

/* Where malloc puts what fits into no gap. */
static uintptr_t
find_end(void)
{
	void *last = malloc(HEAP_GAP_MAX);
	uintptr_t end = (uintptr_t)last;

	free(last);
	return end;
}

/* Takes one gap of this size; false when there is none below the end. */
static bool
fill(size_t size, uintptr_t end)
{
	struct filler *filler = malloc(size);

	if (filler == NULL)
		return false;
	if ((uintptr_t)filler >= end) {
		free(filler);
		return false;
	}
	filler->next = fillers;
	fillers = filler;
	return true;
}

void
heap_close_gaps(void)
{
	/* All of it; another malloc than glibc's says 0, and is left alone. */
	size_t left = mallinfo2().arena;
	uintptr_t end = find_end();

	for (size_t size = HEAP_GAP_MAX; size > 0; size -= HEAP_STEP)
		while (left >= size && fill(size, end))
			left -= size;
	/* What was tried there has been written to, and would be copied. */
	malloc_trim(0);
}

void
heap_overwrite_freed(bool does)
{
	mallopt(M_PERTURB, does ? HEAP_RUBBISH : 0);
}
