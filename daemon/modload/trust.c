/* Owners and modes, from a file up to the root. */
#include "daemon/modload/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Formats a sentence; always false. */
__attribute__((format(printf, 3, 4))) static bool
refuse(char *sentence, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, size, format, args);
	va_end(args);
	return false;
}

static bool
check_one(const char *path, bool is_sticky_enough, uid_t owner,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	const size_t size = MODLOAD_PROBLEM_SIZE;
	struct stat st;

	if (stat(path, &st) != 0)
		return refuse(problem, size, "%s: %s", path, strerror(errno));
	if (st.st_uid != 0 && st.st_uid != owner)
		return refuse(problem, size,
		    "%s belongs to user id %u: it must belong to root%s", path,
		    (unsigned)st.st_uid,
		    owner == 0 ? "" : " or to who runs the daemon");
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
	    (is_sticky_enough && (st.st_mode & S_ISVTX) != 0))
		return true;
	return refuse(problem, size,
	    "%s may be written by others than its owner (mode %04o): "
	    "chmod go-w it",
	    path, (unsigned)(st.st_mode & 07777));
}

bool
trust_check(const char *file, uid_t owner, size_t above,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	char path[PATH_MAX];
	size_t depth = 0;

	snprintf(path, sizeof path, "%s", file);
	for (;;) {
		char *slash;

		if (!check_one(path, depth >= above, owner, problem))
			return false;
		if (strcmp(path, "/") == 0)
			return true;
		slash = strrchr(path, '/');
		slash[slash == path ? 1 : 0] = '\0';
		depth++;
	}
}

/* ---- programs ---- */

/*
 * The links on the way to it count as well: whoever may change the folder
 * of one chooses the program.
 */
bool
sp_check_program(const char *path, char *err, size_t err_size)
{
	char problem[MODLOAD_PROBLEM_SIZE], file[PATH_MAX];
	struct stat st;

	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return refuse(err, err_size, "%s is no absolute path", path);
	if (realpath(path, file) == NULL || stat(file, &st) != 0)
		return refuse(err, err_size, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(err, err_size, "%s is no file", path);
	if ((st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		return refuse(err, err_size,
		    "%s cannot be executed by anybody: chmod +x it", path);
	if (trust_check(file, geteuid(), 2, problem) &&
	    trust_check(path, geteuid(), 2, problem))
		return true;
	return refuse(err, err_size, "%s", problem);
}

/* ---- files ---- */

/* What is opened is looked at again: its folders are nobody else's. */
int
sp_open_trusted(const char *path, char *err, size_t err_size)
{
	char problem[MODLOAD_PROBLEM_SIZE], file[PATH_MAX];
	struct stat st;
	int fd;

	if (path[0] != '/' || strlen(path) >= PATH_MAX) {
		refuse(err, err_size, "%s is no absolute path", path);
		return -1;
	}
	if (realpath(path, file) == NULL || stat(file, &st) != 0) {
		refuse(err, err_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		refuse(err, err_size, "%s is no regular file", path);
		return -1;
	}
	if (!trust_check(file, geteuid(), 2, problem) ||
	    !trust_check(path, geteuid(), 2, problem)) {
		refuse(err, err_size, "%s", problem);
		return -1;
	}
	fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	refuse(err, err_size, "%s: %s", path,
	    fd < 0 ? strerror(errno) : "it is no regular file");
	if (fd >= 0)
		close(fd);
	return -1;
}
