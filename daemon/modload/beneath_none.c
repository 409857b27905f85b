/* A system without openat2(2). */
#include "daemon/modload/beneath.h"

#include <errno.h>

int
beneath_resolve(int folder, const char *path, int flags)
{
	(void)folder;
	(void)path;
	(void)flags;
	errno = ENOSYS;
	return -1;
}
