/* From the root to the folder, one at a time, each looked at when open. */
#include "daemon/login/jail.h"

#include "lib/wire/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
complain(char problem[JAIL_PROBLEM_SIZE], const char *reason, const char *path,
    size_t len)
{
	snprintf(problem, JAIL_PROBLEM_SIZE, "chroot: %s: %.*s", reason,
	    (int)(len == 0 ? 1 : len), path);
	return false;
}

static bool
is_trusted(int folder)
{
	struct stat st;

	return fstat(folder, &st) == 0 && st.st_uid == 0 &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The folder of this name in another, which is closed. */
static int
enter(int folder, struct sp_view name)
{
	char text[NAME_MAX + 1];
	int next = -1;

	if (view_to_string(name, text, sizeof text))
		next = openat(folder, text,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	else
		errno = ENAMETOOLONG;
	close(folder);
	return next;
}

/* path is resolved: absolute, and without a slash at its end. */
static int
walk(const char *path, char problem[JAIL_PROBLEM_SIZE])
{
	int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *end = path;

	for (;;) {
		const char *start = end + 1;

		if (folder < 0) {
			complain(problem, strerror(errno), path,
			    (size_t)(end - path));
			return -1;
		}
		if (!is_trusted(folder)) {
			complain(problem,
			    "bad ownership or modes for directory", path,
			    (size_t)(end - path));
			close(folder);
			return -1;
		}
		if (*end == '\0' || *start == '\0')
			return folder;
		end = start + strcspn(start, "/");
		folder = enter(folder, view_of(start, (size_t)(end - start)));
	}
}

bool
jail_enter(const char *folder, char problem[JAIL_PROBLEM_SIZE])
{
	char path[PATH_MAX];
	bool is_in;
	int fd;

	if (realpath(folder, path) == NULL)
		return complain(
		    problem, strerror(errno), folder, strlen(folder));
	fd = walk(path, problem);
	if (fd < 0)
		return false;
	is_in = fchdir(fd) == 0 && chroot(".") == 0 && chdir("/") == 0;
	if (!is_in)
		complain(problem, strerror(errno), path, strlen(path));
	close(fd);
	return is_in;
}
