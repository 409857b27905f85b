/* The pages of a stack that nobody stands on. */
#include "daemon/login/stack.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	/* Logins go 100 KiB deep; the kernel keeps more than that free of other
	 * mappings below every stack. */
	STACK_DEPTH = 512 * 1024,
	/* Below the frame: this function's own, and what madvise() takes. */
	STACK_MARGIN = 512,
};

__attribute__((noinline)) void
stack_release(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	uintptr_t end = (frame - STACK_MARGIN) & ~(page - 1);

	/* What was never used is no mapping: ENOMEM, and the rest is done. */
	(void)madvise((void *)(end - STACK_DEPTH), STACK_DEPTH, MADV_DONTNEED);
}
