/* Locking a folder, and renaming into it. */
#include "cli/sallyportctl/bookfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FRESH_MODE = 0600 };

/* Never follows what stands in the place of the file. */
enum { READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };

static bool
fail(const char **problem, const char *why)
{
	*problem = why;
	return false;
}

static bool
open_folder(struct bookfile *file)
{
	char folder[PATH_MAX] = ".";
	const char *slash = strrchr(file->path, '/');
	size_t len;

	file->name = slash == NULL ? file->path : slash + 1;
	if (slash != NULL) {
		len = slash == file->path ? 1 : (size_t)(slash - file->path);
		if (len >= sizeof folder)
			return false;
		memcpy(folder, file->path, len);
		folder[len] = '\0';
	}
	file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return file->folder >= 0 && flock(file->folder, LOCK_EX) == 0;
}

/* Who else could write it could have written what is to be kept. */
static const char *
check(const struct stat *st, size_t max)
{
	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs to somebody else";
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others may write it";
	return st->st_size > (off_t)max ? "it is too large" : NULL;
}

static bool
read_all(struct bookfile *file, int fd, size_t size)
{
	ssize_t got = 1;

	file->room = malloc(size + 1);
	if (file->room == NULL)
		return false;
	file->text = (struct sp_view){ file->room, 0 };
	while (file->text.len < size && got > 0) {
		got = read(
		    fd, file->room + file->text.len, size - file->text.len);
		if (got > 0)
			file->text.len += (size_t)got;
	}
	return file->text.len == size;
}

static bool
read_file(struct bookfile *file, int fd, size_t max, const char **problem)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail(problem, strerror(errno));
	*problem = check(&st, max);
	if (*problem != NULL)
		return false;
	file->is_there = true;
	file->mode = st.st_mode & 07777;
	file->owner = st.st_uid;
	file->group = st.st_gid;
	return read_all(file, fd, (size_t)st.st_size) ||
	    fail(problem, "it cannot be read");
}

bool
bookfile_open(
    struct bookfile *file, const char *path, size_t max, const char **problem)
{
	bool is_read;
	int fd;

	*file = (struct bookfile){
		.folder = -1,
		.path = path,
		.mode = FRESH_MODE,
		.owner = geteuid(),
		.group = getegid(),
	};
	if (!open_folder(file)) {
		*problem = strerror(errno);
		bookfile_close(file);
		return false;
	}
	fd = openat(file->folder, file->name, READING);
	if (fd < 0) {
		*problem = errno == ELOOP ? "it is a link" : strerror(errno);
		is_read = errno == ENOENT;
	} else {
		is_read = read_file(file, fd, max, problem);
		close(fd);
	}
	if (!is_read)
		bookfile_close(file);
	return is_read;
}

static bool
write_all(int fd, struct sp_view text)
{
	while (text.len > 0) {
		ssize_t put = write(fd, text.data, text.len);

		if (put < 0 && errno != EINTR)
			return false;
		text.data += put > 0 ? put : 0;
		text.len -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* Owner and mode as the old one's; fchown() may take bits away: before. */
static bool
fill(const struct bookfile *file, int fd, struct sp_view text)
{
	return (fchown(fd, file->owner, file->group) == 0 ||
		   file->owner == geteuid()) &&
	    fchmod(fd, file->mode) == 0 && write_all(fd, text) &&
	    fsync(fd) == 0;
}

bool
bookfile_replace(
    struct bookfile *file, struct sp_view text, const char **problem)
{
	char fresh[NAME_MAX + 1];
	bool is_done;
	int fd, len;

	/* Whoever was here before and did not end his work held the lock. */
	len = snprintf(fresh, sizeof fresh, ".%s.new", file->name);
	if (len < 0 || (size_t)len >= sizeof fresh)
		return fail(problem, "its name is too long");
	if (unlinkat(file->folder, fresh, 0) != 0 && errno != ENOENT)
		return fail(problem, strerror(errno));
	fd = openat(file->folder, fresh,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FRESH_MODE);
	if (fd < 0)
		return fail(problem, strerror(errno));
	is_done = fill(file, fd, text) &&
	    renameat(file->folder, fresh, file->folder, file->name) == 0 &&
	    fsync(file->folder) == 0;
	if (!is_done) {
		*problem = strerror(errno);
		unlinkat(file->folder, fresh, 0);
	}
	close(fd);
	return is_done;
}

void
bookfile_close(struct bookfile *file)
{
	if (file->room != NULL)
		explicit_bzero(file->room, file->text.len);
	free(file->room);
	file->room = NULL;
	file->text = (struct sp_view){ NULL, 0 };
	if (file->folder >= 0)
		close(file->folder);
	file->folder = -1;
}
