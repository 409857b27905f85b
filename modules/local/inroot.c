/* Resolving in a root: by the kernel, or part by part. */
#include "modules/local/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 128 };

/* Drops the last part of a path without a "/" at its end. */
static void
drop_last(char *path, size_t *len)
{
	while (*len > 0 && path[*len - 1] != '/')
		(*len)--;
	while (*len > 0 && path[*len - 1] == '/')
		(*len)--;
	path[*len] = '\0';
}

/* "a/b" of "/a/./c/../b/": what ".." is, is known before any link is. */
static bool
flatten(const char *path, char flat[PATH_MAX])
{
	size_t len = 0;

	flat[0] = '\0';
	for (size_t part; *path != '\0'; path += part + (path[part] == '/')) {
		part = strcspn(path, "/");
		if (part == 0 || (part == 1 && path[0] == '.'))
			continue;
		if (part == 2 && memcmp(path, "..", 2) == 0) {
			drop_last(flat, &len);
			continue;
		}
		if (part > NAME_MAX || len + part + 2 > PATH_MAX) {
			errno = ENAMETOOLONG;
			return false;
		}
		if (len > 0)
			flat[len++] = '/';
		memcpy(flat + len, path, part);
		len += part;
		flat[len] = '\0';
	}
	return true;
}

/* Closes it unless it is the root, and keeps errno. */
static void
leave(int at, int root)
{
	int error = errno;

	if (at != root)
		close(at);
	errno = error;
}

int
inroot_walk(int root, const char *path, int flags, mode_t mode)
{
	char flat[PATH_MAX], *part = flat, *end;
	int at = root, next;

	if (!flatten(path, flat))
		return -1;
	if (flat[0] == '\0')
		return openat(root, ".", flags | O_CLOEXEC, mode);
	while ((end = strchr(part, '/')) != NULL) {
		*end = '\0';
		next = openat(
		    at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		leave(at, root);
		if (next < 0)
			return -1;
		at = next;
		part = end + 1;
	}
	next = openat(at, part, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	leave(at, root);
	return next;
}

typedef int resolver(int root, const char *path, int flags, mode_t mode);

static int
open_by(resolver *resolve, int root, const char *path, int flags, mode_t mode)
{
	int fd = -1;

	for (int i = 0; i < TRIES; i++) {
		fd = resolve(root, path, flags | O_CLOEXEC, mode);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	/* A filter of system calls may say EPERM for what it does not know. */
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	return inroot_walk(root, path, flags, mode);
}

int
inroot_open(int root, const char *path, int flags, mode_t mode)
{
	return open_by(inroot_resolve, root, path, flags, mode);
}

int
inroot_open_straight(int root, const char *path, int flags, mode_t mode)
{
	return open_by(inroot_resolve_straight, root, path, flags, mode);
}
