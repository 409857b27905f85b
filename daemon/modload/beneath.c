/*
 * Opening below a folder. Where the kernel cannot resolve a path that way
 * it is walked here, and no link is followed then.
 */
#include "daemon/modload/beneath.h"

#include <sallyport/module.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Copies the next part and passes it, with the "/" behind it. */
static bool
next_part(const char **path, char part[NAME_MAX + 1])
{
	size_t len = strcspn(*path, "/");

	if (len == 0 || len > NAME_MAX) {
		errno = len == 0 ? ENOENT : ENAMETOOLONG;
		return false;
	}
	memcpy(part, *path, len);
	part[len] = '\0';
	*path += len + ((*path)[len] == '/');
	if (strcmp(part, "..") != 0)
		return true;
	errno = EXDEV; /* as openat2() says it */
	return false;
}

int
beneath_walk(int folder, const char *path, int flags)
{
	char part[NAME_MAX + 1];
	int at = folder, next = -1;

	for (;;) {
		bool is_last;
		int error;

		next = -1;
		if (next_part(&path, part)) {
			is_last = *path == '\0';
			next = openat(at, part,
			    O_NOFOLLOW | O_CLOEXEC |
				(is_last ? flags : O_PATH | O_DIRECTORY));
		}
		error = errno;
		if (at != folder)
			close(at);
		errno = error;
		if (next < 0 || is_last)
			return next;
		at = next;
	}
}

static bool
goes_up(const char *path)
{
	size_t len;

	for (; *path != '\0'; path += len + (path[len] == '/')) {
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0)
			return true;
	}
	return false;
}

int
sp_open_beneath(int folder, const char *path, int flags)
{
	int fd;

	/* Without O_DIRECTORY, O_PATH opens a link itself. */
	if ((flags & O_CREAT) != 0 ||
	    (flags & (O_PATH | O_DIRECTORY)) == O_PATH) {
		errno = EINVAL;
		return -1;
	}
	if (path[0] == '/' || goes_up(path)) {
		errno = EXDEV;
		return -1;
	}
	fd = beneath_resolve(folder, path, flags);
	/* A filter of system calls may say EPERM for what it does not know. */
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	return beneath_walk(folder, path, flags);
}
