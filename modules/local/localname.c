/* Operations on names: each by a descriptor of the folder it is in. */
#include "modules/local/localstore.h"

#include "modules/local/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LINKS_MAX = 40 };

/* Keeps errno. */
static void
close_quietly(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
}

/* ---- attributes ---- */

uint32_t
localname_stat(struct sp_reply *reply, struct sp_store *store, const char *path,
    bool follow)
{
	struct stat st;

	if (!localstore_look(store, path, follow, &st))
		return filestatus_fail(reply);
	reply->attr = localstore_attr(&st);
	return SP_FILE_OK;
}

static bool
set_size(struct sp_store *store, const char *path, uint64_t size, bool follow)
{
	int fd = localstore_open(
	    store, path, O_WRONLY | (follow ? 0 : O_NOFOLLOW), 0);
	bool is_done;
	struct stat st;

	if (fd < 0)
		return false;
	errno = EINVAL;
	is_done = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    size <= INT64_MAX && ftruncate(fd, (off_t)size) == 0;
	close_quietly(fd);
	return is_done;
}

/*
 * chmod(2) has no form for a descriptor that only names something: /proc
 * has one. Where it is not there the name does where there are no walls, and
 * else who may read the file may.
 */
static bool
set_mode(struct sp_store *store, const char *path, int fd, mode_t mode)
{
	char name[32], absolute[PATH_MAX];
	struct stat st;
	bool is_done;
	int file;

	if (fstat(fd, &st) != 0)
		return false;
	if (S_ISLNK(st.st_mode)) {
		errno = EOPNOTSUPP;
		return false;
	}
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	if (chmod(name, mode) == 0)
		return true;
	if (errno != ENOENT)
		return false;
	if (!store->has_root && !store->is_straight)
		return localstore_absolute(store, path, absolute) &&
		    chmod(absolute, mode) == 0;
	file = localstore_open(store, path, O_RDONLY, 0);
	is_done = file >= 0 && fchmod(file, mode) == 0;
	close_quietly(file);
	return is_done;
}

uint32_t
localname_setstat(struct sp_reply *reply, struct sp_store *store,
    const char *path, const struct sp_file_attr *attr, bool follow)
{
	const struct timespec times[] = { { .tv_sec = attr->atime },
		{ .tv_sec = attr->mtime } };
	bool is_done = true;
	int fd =
	    localstore_open(store, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);

	if (fd < 0)
		return filestatus_fail(reply);
	if ((attr->has & SP_FILE_HAS_SIZE) != 0)
		is_done = set_size(store, path, attr->size, follow);
	if (is_done && (attr->has & SP_FILE_HAS_MODE) != 0)
		is_done = set_mode(store, path, fd, attr->mode & 07777);
	if (is_done && (attr->has & SP_FILE_HAS_TIMES) != 0)
		is_done = utimensat(fd, "", times, AT_EMPTY_PATH) == 0;
	if (is_done && (attr->has & SP_FILE_HAS_OWNER) != 0)
		is_done =
		    fchownat(fd, "", attr->uid, attr->gid, AT_EMPTY_PATH) == 0;
	close_quietly(fd);
	return filestatus_end(reply, is_done);
}

uint32_t
localname_space(struct sp_reply *reply, int fd)
{
	struct statvfs st;

	if (fstatvfs(fd, &st) != 0)
		return filestatus_fail(reply);
	reply->space = (struct sp_file_space){
		.block_size = st.f_bsize,
		.fragment_size = st.f_frsize,
		.blocks = st.f_blocks,
		.free_blocks = st.f_bfree,
		.available_blocks = st.f_bavail,
		.files = st.f_files,
		.free_files = st.f_ffree,
		.available_files = st.f_favail,
		.id = st.f_fsid,
		.flags = ((st.f_flag & ST_RDONLY) != 0 ? 1U : 0U) |
		    ((st.f_flag & ST_NOSUID) != 0 ? 2U : 0U),
		.name_max = st.f_namemax,
	};
	return SP_FILE_OK;
}

uint32_t
localname_measure(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	int fd = localstore_open(store, path, O_PATH, 0);
	uint32_t status;

	if (fd < 0)
		return filestatus_fail(reply);
	status = localname_space(reply, fd);
	close(fd);
	return status;
}

/* ---- one name ---- */

static uint32_t
unlink_name(
    struct sp_reply *reply, struct sp_store *store, const char *path, int flags)
{
	char leaf[NAME_MAX + 1];
	int parent = localstore_open_parent(store, path, leaf);
	bool is_done = parent >= 0 && unlinkat(parent, leaf, flags) == 0;

	close_quietly(parent);
	return filestatus_end(reply, is_done);
}

uint32_t
localname_remove(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	return unlink_name(reply, store, path, 0);
}

uint32_t
localname_remove_folder(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	return unlink_name(reply, store, path, AT_REMOVEDIR);
}

uint32_t
localname_make_folder(struct sp_reply *reply, struct sp_store *store,
    const char *path, const struct sp_file_attr *attr)
{
	char leaf[NAME_MAX + 1];
	int parent = localstore_open_parent(store, path, leaf);
	mode_t mode =
	    (attr->has & SP_FILE_HAS_MODE) != 0 ? attr->mode & 07777 : 0777;
	bool is_done = parent >= 0 && mkdirat(parent, leaf, mode) == 0;

	close_quietly(parent);
	return filestatus_end(reply, is_done);
}

uint32_t
localname_make_symlink(struct sp_reply *reply, struct sp_store *store,
    const char *text, const char *path)
{
	char leaf[NAME_MAX + 1];
	int parent = localstore_open_parent(store, path, leaf);
	bool is_done = parent >= 0 && symlinkat(text, parent, leaf) == 0;

	close_quietly(parent);
	return filestatus_end(reply, is_done);
}

/* ---- two names ---- */

/* Where the file system cannot do it at once, what is there is kept too. */
static bool
rename_to_new(int from, const char *leaf, int to, const char *to_leaf)
{
	struct stat st;

	if (renameat2(from, leaf, to, to_leaf, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (linkat(from, leaf, to, to_leaf, 0) == 0)
		return unlinkat(from, leaf, 0) == 0;
	if (errno == EEXIST)
		return false;
	if (fstatat(to, to_leaf, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return false;
	}
	return errno == ENOENT && renameat(from, leaf, to, to_leaf) == 0;
}

uint32_t
localname_rename(struct sp_reply *reply, struct sp_store *store,
    const char *from, const char *to, bool replace)
{
	char leaf[NAME_MAX + 1], to_leaf[NAME_MAX + 1];
	int parent = localstore_open_parent(store, from, leaf);
	int to_parent =
	    parent < 0 ? -1 : localstore_open_parent(store, to, to_leaf);
	bool is_done = false;

	if (to_parent >= 0 && replace)
		is_done = renameat(parent, leaf, to_parent, to_leaf) == 0;
	else if (to_parent >= 0)
		is_done = rename_to_new(parent, leaf, to_parent, to_leaf);
	close_quietly(parent);
	close_quietly(to_parent);
	return filestatus_end(reply, is_done);
}

uint32_t
localname_link(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to)
{
	char leaf[NAME_MAX + 1], to_leaf[NAME_MAX + 1];
	int parent = localstore_open_parent(store, from, leaf);
	int to_parent =
	    parent < 0 ? -1 : localstore_open_parent(store, to, to_leaf);
	bool is_done =
	    to_parent >= 0 && linkat(parent, leaf, to_parent, to_leaf, 0) == 0;

	close_quietly(parent);
	close_quietly(to_parent);
	return filestatus_end(reply, is_done);
}

/* ---- links ---- */

/* The text of a link; its length, or -1 with errno set. */
static ssize_t
read_link(int fd, char text[PATH_MAX])
{
	ssize_t len = readlinkat(fd, "", text, PATH_MAX - 1);

	if (len >= 0)
		text[len] = '\0';
	return len;
}

uint32_t
localname_read_symlink(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	int fd = localstore_open(store, path, O_PATH | O_NOFOLLOW, 0);
	struct stat st;
	ssize_t len = -1;

	if (fd < 0)
		return filestatus_fail(reply);
	errno = EINVAL;
	if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
		len = read_link(fd, store->name);
	close_quietly(fd);
	if (len < 0)
		return filestatus_fail(reply);
	reply->name = (struct sp_view){
		.data = (const uint8_t *)store->name,
		.len = (size_t)len,
	};
	return SP_FILE_OK;
}

/* A path on its way to what it is without links. */
struct walk {
	const struct sp_store *store;
	char *done; /* PATH_MAX bytes; "" is the root */
	size_t len; /* of done */
	char todo[PATH_MAX];
	unsigned links;
};

/* Puts a link's text in front of what is still to do. */
static bool
follow(struct walk *w, const char *text, const char *rest)
{
	char todo[PATH_MAX];
	int len = snprintf(todo, sizeof todo, "%s/%s", text, rest);

	if (len < 0 || (size_t)len >= sizeof todo || ++w->links > LINKS_MAX) {
		errno = w->links > LINKS_MAX ? ELOOP : ENAMETOOLONG;
		return false;
	}
	if (text[0] == '/')
		w->len = 0;
	memcpy(w->todo, todo, (size_t)len + 1);
	return true;
}

static void
go_up(struct walk *w)
{
	while (w->len > 0 && w->done[--w->len] != '/')
		;
	w->done[w->len] = '\0';
}

/* Adds a part, whose path is then looked at; the last need not be there. */
static bool
go_down(struct walk *w, const char *part, size_t len, const char *rest)
{
	bool is_last = rest[strspn(rest, "/")] == '\0';
	size_t before = w->len;
	char text[PATH_MAX];
	struct stat st;
	bool is_good;
	int fd;

	if (w->len + len + 2 > PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	w->done[w->len++] = '/';
	memcpy(w->done + w->len, part, len);
	w->len += len;
	w->done[w->len] = '\0';
	fd = localstore_open(w->store, w->done, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0) {
		if (errno != ENOENT || !is_last)
			return false;
		w->todo[0] = '\0';
		return true;
	}
	is_good = fstat(fd, &st) == 0;
	if (is_good && S_ISLNK(st.st_mode)) {
		w->len = before;
		is_good = read_link(fd, text) >= 0 && follow(w, text, rest);
		w->done[w->len] = '\0';
	} else if (is_good) {
		memmove(w->todo, rest, strlen(rest) + 1);
	}
	close_quietly(fd);
	return is_good;
}

static bool
walk(struct walk *w)
{
	while (w->todo[0] != '\0') {
		size_t len = strcspn(w->todo, "/");
		const char *rest = w->todo + len + (w->todo[len] == '/');

		if (len > 0 && !(len == 1 && w->todo[0] == '.') &&
		    !(len == 2 && memcmp(w->todo, "..", 2) == 0)) {
			if (!go_down(w, w->todo, len, rest))
				return false;
			continue;
		}
		if (len == 2)
			go_up(w);
		memmove(w->todo, rest, strlen(rest) + 1);
	}
	return true;
}

/* "/a/b" of "/a//./b/"; false where ".." is in it, or too much. */
static bool
tidy(const char *path, char tidied[PATH_MAX])
{
	size_t len = 0, part;

	for (; *path != '\0'; path += part + (path[part] == '/')) {
		part = strcspn(path, "/");
		if (part == 0 || (part == 1 && path[0] == '.'))
			continue;
		if ((part == 2 && memcmp(path, "..", 2) == 0) ||
		    len + part + 2 > PATH_MAX)
			return false;
		tidied[len++] = '/';
		memcpy(tidied + len, path, part);
		len += part;
	}
	tidied[len] = '\0';
	return len > 0;
}

/*
 * Where the kernel finds no link on its way, that is where the path leads.
 * What is not there, or is a link, is for the walk to say.
 */
static bool
leads_straight(const struct sp_store *store, const char *path, char *name)
{
	int fd;

	if (!tidy(path, name))
		return false;
	fd = inroot_open_straight(store->root, name, O_PATH, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

uint32_t
localname_resolve(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct walk w = { .store = store, .done = store->name };

	if (!localstore_absolute(store, path, w.todo))
		return filestatus_fail(reply);
	if (!leads_straight(store, w.todo, store->name)) {
		store->name[0] = '\0';
		if (!walk(&w))
			return filestatus_fail(reply);
		if (w.len == 0)
			memcpy(store->name, "/", 2);
	}
	reply->name = sp_text(store->name);
	return SP_FILE_OK;
}
