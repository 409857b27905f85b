/* openat2(2), for which the C library has no function. */
#include "modules/local/inroot.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
resolve(int root, const char *path, uint64_t how_to, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags,
		.resolve = RESOLVE_IN_ROOT | how_to,
	};

	/* A mode where nothing is created is an error. */
	if ((flags & O_CREAT) != 0)
		how.mode = mode;
	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int
inroot_resolve(int root, const char *path, int flags, mode_t mode)
{
	return resolve(root, path, RESOLVE_NO_MAGICLINKS, flags, mode);
}

int
inroot_resolve_straight(int root, const char *path, int flags, mode_t mode)
{
	return resolve(root, path, RESOLVE_NO_SYMLINKS, flags, mode);
}
