/* One folder after the other; those that are still to come as paths. */
#include "modules/local/treecount.h"

#include "modules/local/inroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NAMES_A_TURN = 500,
	/* Of the paths of folders that are still to come. */
	PATHS_MAX = 64 << 20,
};

struct folder {
	SLIST_ENTRY(folder) link;
	char path[]; /* from the root, "" or "/a/b" */
};

struct treecount {
	int root;
	DIR *entries; /* of the folder at hand; or NULL */
	struct folder *folder; /* the same */
	SLIST_HEAD(, folder) todo;
	size_t paths; /* bytes of them */
	struct quota_amount found;
	char problem[PATH_MAX + 128];
};

static bool
add_folder(struct treecount *t, const char *above, const char *name)
{
	size_t len = strlen(above) + 1 + strlen(name) + 1;
	struct folder *folder = NULL;

	if (len <= PATHS_MAX - t->paths)
		folder = malloc(sizeof *folder + len);
	if (folder == NULL) {
		errno = ENOMEM;
		return false;
	}
	snprintf(folder->path, len, "%s%s%s", above, name[0] == '\0' ? "" : "/",
	    name);
	SLIST_INSERT_HEAD(&t->todo, folder, link);
	t->paths += len;
	return true;
}

static void
drop_folder(struct treecount *t)
{
	if (t->entries != NULL)
		closedir(t->entries);
	free(t->folder);
	t->entries = NULL;
	t->folder = NULL;
}

struct treecount *
treecount_new(int root)
{
	struct treecount *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->root = root;
	SLIST_INIT(&t->todo);
	if (add_folder(t, "", ""))
		return t;
	free(t);
	return NULL;
}

void
treecount_free(struct treecount *t)
{
	if (t == NULL)
		return;
	drop_folder(t);
	while ((t->folder = SLIST_FIRST(&t->todo)) != NULL) {
		SLIST_REMOVE_HEAD(&t->todo, link);
		drop_folder(t);
	}
	free(t);
}

static enum treecount_state
fail(struct treecount *t)
{
	const char *path = t->folder == NULL ? "" : t->folder->path;

	snprintf(t->problem, sizeof t->problem, "folder %.*s: %s", PATH_MAX,
	    path[0] == '\0' ? "/" : path, strerror(errno));
	return TREECOUNT_FAILED;
}

/* ---- a folder ---- */

static int
open_at(const struct treecount *t, int flags)
{
	const char *path = t->folder->path;

	return inroot_open_straight(
	    t->root, path[0] == '\0' ? "/" : path, flags | O_CLOEXEC, 0);
}

/*
 * Whether nothing of the user's can be in it: it is another's, and he cannot
 * go into it. What he hid himself would else not count.
 */
static bool
is_closed_to_him(const struct treecount *t)
{
	int fd = open_at(t, O_PATH | O_DIRECTORY);
	struct stat st;
	bool is_closed;

	if (fd < 0)
		return false;
	is_closed = fstat(fd, &st) == 0 && st.st_uid != geteuid() &&
	    faccessat(fd, ".", F_OK, AT_EACCESS) != 0 && errno == EACCES;
	close(fd);
	return is_closed;
}

/* False with errno: it cannot be read. One that is gone has no entries. */
static bool
open_next(struct treecount *t)
{
	int fd, error;

	t->folder = SLIST_FIRST(&t->todo);
	SLIST_REMOVE_HEAD(&t->todo, link);
	t->paths -= strlen(t->folder->path) + 1;
	fd = open_at(t, O_RDONLY | O_DIRECTORY);
	if (fd >= 0) {
		t->entries = fdopendir(fd);
		error = errno;
		if (t->entries == NULL)
			close(fd);
		errno = error;
		return t->entries != NULL;
	}
	error = errno;
	if (error == ENOENT || error == ENOTDIR || error == ELOOP ||
	    (error == EACCES && is_closed_to_him(t))) {
		drop_folder(t);
		return true;
	}
	errno = error;
	return false;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool
count_entry(struct treecount *t, const char *name)
{
	uint64_t size;
	struct stat st;

	if (is_dots(name))
		return true;
	if (fstatat(dirfd(t->entries), name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		t->found.names += errno != ENOENT;
		return errno == ENOENT ||
		    (errno == EACCES && is_closed_to_him(t));
	}
	t->found.names++;
	if (S_ISDIR(st.st_mode))
		return add_folder(t, t->folder->path, name);
	size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	t->found.bytes = size < UINT64_MAX - t->found.bytes
	    ? t->found.bytes + size
	    : UINT64_MAX;
	return true;
}

enum treecount_state
treecount_go_on(struct treecount *t)
{
	const struct dirent *entry;

	for (int i = 0; i < NAMES_A_TURN; i++) {
		if (t->entries == NULL && SLIST_EMPTY(&t->todo))
			return TREECOUNT_DONE;
		if (t->entries == NULL) {
			if (!open_next(t))
				return fail(t);
			continue;
		}
		errno = 0;
		entry = readdir(t->entries);
		if (entry == NULL && errno == 0)
			drop_folder(t);
		else if (entry == NULL || !count_entry(t, entry->d_name))
			return fail(t);
	}
	return TREECOUNT_MORE;
}

const struct quota_amount *
treecount_found(const struct treecount *t)
{
	return &t->found;
}

const char *
treecount_problem(const struct treecount *t)
{
	return t->problem;
}
