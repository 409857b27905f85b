/*
 * Opening a file as the user. The path is resolved once and then walked
 * from the root, folder by folder, following no link: what was checked is
 * what was opened, whoever renames things meanwhile.
 */
#include "daemon/login/userfile.h"

#include "lib/wire/view.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One walk: where it is, and who may own what it meets. */
struct walk {
	const struct localaccount *account;
	struct userfile_problem *problem;
	char path[PATH_MAX]; /* resolved */
};

static void
take_rights(const struct localaccount *a)
{
	if (geteuid() != 0)
		return;
	if (setgroups(a->group_count, a->groups) != 0 || setegid(a->gid) != 0 ||
	    seteuid(a->uid) != 0)
		abort();
}

static void
give_rights_back(void)
{
	if (getuid() != 0)
		return;
	if (seteuid(0) != 0 || setegid(getgid()) != 0 ||
	    setgroups(0, NULL) != 0)
		abort();
}

static int
distrust(struct walk *w, const char *reason, size_t path_len)
{
	w->problem->reason = reason;
	if (path_len == 0)
		path_len = 1; /* the root */
	memcpy(w->problem->path, w->path, path_len);
	w->problem->path[path_len] = '\0';
	errno = EPERM;
	return -1;
}

static bool
is_trusted(const struct walk *w, const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == w->account->uid) &&
	    (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/*
 * In a sticky folder of root's, like /tmp, nobody can take away or replace
 * a folder that root or the user owns, and the next one is looked at in
 * its turn. A file right in such a folder could be a link that others made.
 */
static bool
is_sticky_on_the_way(
    const struct walk *w, const struct stat *st, size_t path_len)
{
	return st->st_uid == 0 && (st->st_mode & S_ISVTX) != 0 &&
	    strchr(w->path + path_len + 1, '/') != NULL;
}

static bool
is_folder_good(const struct walk *w, int folder, size_t path_len)
{
	struct stat st;

	return fstat(folder, &st) == 0 &&
	    (is_trusted(w, &st) || is_sticky_on_the_way(w, &st, path_len));
}

/* The file itself. It is not opened unless it is a regular one. */
static int
open_last(struct walk *w, int folder, const char *name)
{
	struct stat st;
	int fd;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return distrust(w, "not a regular file:", strlen(w->path));
	fd = openat(folder, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_trusted(w, &st))
		return fd;
	close(fd);
	return distrust(w, "bad ownership or modes for file", strlen(w->path));
}

/* Goes from folder into the one that ends at path_len; closes folder. */
static int
enter(struct walk *w, int folder, const char *name, size_t path_len)
{
	int next =
	    openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	close(folder);
	if (next < 0)
		return -1;
	if (is_folder_good(w, next, path_len))
		return next;
	close(next);
	return distrust(w, "bad ownership or modes for directory", path_len);
}

static int
walk(struct walk *w)
{
	int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *slash = w->path;
	int fd;

	if (folder >= 0 && !is_folder_good(w, folder, 0)) {
		close(folder);
		return distrust(w, "bad ownership or modes for directory", 0);
	}
	while (folder >= 0) {
		const char *start = slash + 1;
		char name[NAME_MAX + 1];

		slash = strchr(start, '/');
		if (slash == NULL) {
			fd = open_last(w, folder, start);
			close(folder);
			return fd;
		}
		if (!view_to_string(view_of(start, (size_t)(slash - start)),
			name, sizeof name)) {
			close(folder);
			errno = ENAMETOOLONG;
			return -1;
		}
		folder = enter(w, folder, name, (size_t)(slash - w->path));
	}
	return -1;
}

int
userfile_open(const struct localaccount *account, const char *path,
    struct userfile_problem *problem)
{
	struct walk w = { .account = account, .problem = problem };
	int fd = -1;
	int error;

	if (*path != '/') {
		errno = EINVAL;
		return -1;
	}
	take_rights(account);
	if (realpath(path, w.path) != NULL)
		fd = walk(&w);
	error = errno;
	give_rights_back();
	errno = error;
	return fd;
}
