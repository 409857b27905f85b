/* Files and folders that are open. */
#include "modules/local/localstore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COPY_BUFFER = 65536 };

/* ---- opening ---- */

static int
open_flags(uint32_t flags)
{
	bool writes = (flags & (SP_FILE_WRITE | SP_FILE_APPEND)) != 0;
	int result = O_RDONLY;

	if (writes)
		result = (flags & SP_FILE_READ) != 0 ? O_RDWR : O_WRONLY;
	if ((flags & SP_FILE_APPEND) != 0)
		result |= O_APPEND;
	if ((flags & SP_FILE_CREATE) != 0)
		result |= O_CREAT;
	if ((flags & SP_FILE_TRUNCATE) != 0)
		result |= O_TRUNC;
	if ((flags & SP_FILE_EXCLUSIVE) != 0)
		result |= O_EXCL;
	return result;
}

static mode_t
mode_of(const struct sp_file_attr *attr)
{
	return (attr->has & SP_FILE_HAS_MODE) != 0 ? attr->mode & 0777 : 0666;
}

/*
 * Whatever is no regular file is not opened: a device's driver may act on
 * that alone. What comes in its place between is opened without waiting,
 * and closed.
 */
static bool
may_open(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct stat st;

	if (!localstore_look(store, path, true, &st) || S_ISREG(st.st_mode))
		return true; /* the next call says why not, or creates it */
	reply->reason =
	    S_ISDIR(st.st_mode) ? "Is a directory" : "Not a regular file";
	return false;
}

uint32_t
localfile_open(struct sp_reply *reply, struct sp_store *store, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	struct stat st;
	int fd;

	if (!may_open(reply, store, path))
		return SP_FILE_FAILED;
	fd = localstore_open(store, path, open_flags(flags), mode_of(attr));
	if (fd < 0)
		return filestatus_fail(reply);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		reply->reason = "Not a regular file";
		return SP_FILE_FAILED;
	}
	reply->file = localstore_add(store, fd, NULL);
	return filestatus_end(reply, reply->file != NULL);
}

uint32_t
localfile_close(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	int error = 0;

	(void)store;
	/* What a network's file system could not keep is told here. */
	if (file->folder == NULL) {
		if (close(file->fd) != 0 && errno != EINTR)
			error = errno;
		file->fd = -1;
	}
	localstore_drop(file);
	errno = error;
	return filestatus_end(reply, error == 0);
}

/* ---- bytes ---- */

static bool
is_offset(uint64_t offset, uint64_t len)
{
	if (offset <= INT64_MAX && len <= INT64_MAX - offset)
		return true;
	errno = EFBIG;
	return false;
}

uint32_t
localfile_read(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, uint64_t offset, const struct iovec *parts,
    size_t count)
{
	ssize_t n;

	(void)store;
	if (!is_offset(offset, 0))
		return SP_FILE_EOF;
	do
		n = preadv(file->fd, parts, (int)count, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return filestatus_fail(reply);
	reply->count = (size_t)n;
	return n == 0 ? SP_FILE_EOF : SP_FILE_OK;
}

/* All of it; errno says why not. */
static bool
write_all(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
	if (!is_offset(offset, len))
		return false;
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return true;
}

uint32_t
localfile_write(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, uint64_t offset, struct sp_view data)
{
	(void)store;
	return filestatus_end(
	    reply, write_all(file->fd, data.data, data.len, offset));
}

uint32_t
localfile_sync(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	(void)store;
	return filestatus_end(reply, fsync(file->fd) == 0);
}

/* ---- copying ---- */

/* A file that grows while it is read has no end. */
static bool
is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) != 0 || fstat(b, &y) != 0 ||
	    (x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

/* Where the kernel cannot: between file systems, or to a file's end. */
static ssize_t
copy_by_hand(int from, off_t at, int to, off_t to_at, size_t len)
{
	uint8_t *buffer = malloc(COPY_BUFFER);
	ssize_t n = -1;

	if (buffer == NULL)
		return -1;
	if (len > COPY_BUFFER)
		len = COPY_BUFFER;
	n = pread(from, buffer, len, at);
	if (n > 0 && !write_all(to, buffer, (size_t)n, (uint64_t)to_at))
		n = -1;
	free(buffer);
	return n;
}

uint32_t
localfile_copy(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *from, uint64_t from_offset, struct sp_file *to,
    uint64_t to_offset, uint64_t len)
{
	off_t at = (off_t)from_offset, to_at = (off_t)to_offset;
	ssize_t n;

	(void)store;
	if (is_same(from->fd, to->fd)) {
		reply->reason = "Both are the same file";
		return SP_FILE_FAILED;
	}
	if (!is_offset(from_offset, len) || !is_offset(to_offset, len))
		return filestatus_fail(reply);
	n = copy_file_range(from->fd, &at, to->fd, &to_at, (size_t)len, 0);
	if (n < 0)
		n = copy_by_hand(from->fd, (off_t)from_offset, to->fd,
		    (off_t)to_offset, (size_t)len);
	if (n < 0)
		return filestatus_fail(reply);
	reply->count = (size_t)n;
	return n == 0 ? SP_FILE_EOF : SP_FILE_OK;
}

/* ---- attributes ---- */

uint32_t
localfile_stat(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	struct stat st;

	(void)store;
	if (fstat(file->fd, &st) != 0)
		return filestatus_fail(reply);
	reply->attr = localstore_attr(&st);
	return SP_FILE_OK;
}

uint32_t
localfile_setstat(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, const struct sp_file_attr *attr)
{
	const struct timespec times[] = { { .tv_sec = attr->atime },
		{ .tv_sec = attr->mtime } };
	bool is_done = true;

	(void)store;
	if ((attr->has & SP_FILE_HAS_SIZE) != 0)
		is_done = is_offset(attr->size, 0) &&
		    ftruncate(file->fd, (off_t)attr->size) == 0;
	if (is_done && (attr->has & SP_FILE_HAS_MODE) != 0)
		is_done = fchmod(file->fd, attr->mode & 07777) == 0;
	if (is_done && (attr->has & SP_FILE_HAS_TIMES) != 0)
		is_done = futimens(file->fd, times) == 0;
	if (is_done && (attr->has & SP_FILE_HAS_OWNER) != 0)
		is_done = fchown(file->fd, attr->uid, attr->gid) == 0;
	return filestatus_end(reply, is_done);
}

uint32_t
localfile_measure(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	(void)store;
	return localname_space(reply, file->fd);
}

/* ---- folders ---- */

uint32_t
localfile_open_folder(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	int fd = localstore_open(store, path, O_RDONLY | O_DIRECTORY, 0);
	DIR *folder;

	if (fd < 0)
		return filestatus_fail(reply);
	folder = fdopendir(fd);
	if (folder == NULL) {
		close(fd);
		return filestatus_fail(reply);
	}
	reply->file = localstore_add(store, fd, folder);
	return filestatus_end(reply, reply->file != NULL);
}

uint32_t
localfile_next_entry(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *folder)
{
	const struct dirent *entry;
	const char *name;
	struct stat st;

	errno = 0;
	entry = readdir(folder->folder);
	if (entry == NULL)
		return errno == 0 ? SP_FILE_EOF : filestatus_fail(reply);
	reply->name = sp_text(entry->d_name);
	/* What is above the root is not seen. */
	name = entry->d_name;
	if (store->has_root && strcmp(name, "..") == 0)
		name = ".";
	/* One that is gone again, or may not be looked at, has a name. */
	if (fstatat(dirfd(folder->folder), name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		reply->attr = localstore_attr(&st);
	return SP_FILE_OK;
}
