/* The footprint as glibc counts it. */
#include "daemon/gate/footprint.h"

#include <malloc.h>

size_t
footprint_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

void
footprint_trim(void)
{
	malloc_trim(0);
}
