/* No Landlock on this system. */
#include "daemon/confine/landlock.h"

#include <errno.h>

bool
landlock_deny_all(void)
{
	errno = ENOSYS;
	return false;
}

bool
landlock_deny_folders(const char *const *paths, size_t n)
{
	(void)paths;
	(void)n;
	errno = ENOSYS;
	return false;
}

bool
landlock_is_there(void)
{
	return false;
}
