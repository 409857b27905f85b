/* A system without openat2(2). */
#include "modules/local/inroot.h"

#include <errno.h>

int
inroot_resolve(int root, const char *path, int flags, mode_t mode)
{
	(void)root;
	(void)path;
	(void)flags;
	(void)mode;
	errno = ENOSYS;
	return -1;
}

int
inroot_resolve_straight(int root, const char *path, int flags, mode_t mode)
{
	return inroot_resolve(root, path, flags, mode);
}
