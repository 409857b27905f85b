/* One number in a file: twenty digits and a newline, always as long. */
#include "modules/totp/usedcodes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS = 20, RECORD = DIGITS + 1 };

static enum usedcodes_answer
fail(char problem[USEDCODES_PROBLEM_SIZE], const char *path, const char *why)
{
	snprintf(problem, USEDCODES_PROBLEM_SIZE, "%s: %s", path, why);
	return USEDCODES_BROKEN;
}

/* That a name is there must outlive a crash as what it holds does. */
static bool
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	bool is_done;
	int fd;

	if (len == 0 || len >= sizeof folder)
		return false;
	memcpy(folder, path, len);
	folder[len] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_done = fsync(fd) == 0;
	close(fd);
	return is_done;
}

static int
open_record(const char *path)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = open(path, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(path, flags | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
	/* Another login may have been first. */
	if (fd < 0 && errno == EEXIST)
		return open(path, flags);
	if (fd >= 0 && !sync_folder(path)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Whether the path that can be trusted is this very file. */
static bool
is_same(int fd, int trusted)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(trusted, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_nlink == 1;
}

/* A new file is empty: no code was used. False for what was not written here. */
static bool
read_record(int fd, uint64_t *next)
{
	char text[RECORD + 1];
	ssize_t len = pread(fd, text, sizeof text, 0);

	*next = 0;
	if (len == 0)
		return true;
	if (len != RECORD || text[DIGITS] != '\n')
		return false;
	for (size_t i = 0; i < DIGITS; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9 || *next > (UINT64_MAX - digit) / 10)
			return false;
		*next = *next * 10 + digit;
	}
	return true;
}

static bool
write_record(int fd, uint64_t next)
{
	char text[RECORD + 1];

	snprintf(text, sizeof text, "%020" PRIu64 "\n", next);
	return pwrite(fd, text, RECORD, 0) == RECORD && fsync(fd) == 0;
}

/* The number that is kept is that of the first step still to be used. */
static enum usedcodes_answer
take(int fd, const char *path, uint64_t step,
    char problem[USEDCODES_PROBLEM_SIZE])
{
	uint64_t next;

	while (flock(fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return fail(problem, path, strerror(errno));
	}
	if (!read_record(fd, &next))
		return fail(problem, path,
		    "it holds no number of a step: if it may be forgotten "
		    "which codes were used, remove it");
	if (step < next)
		return USEDCODES_USED;
	if (!write_record(fd, step + 1))
		return fail(problem, path, strerror(errno));
	return USEDCODES_FRESH;
}

enum usedcodes_answer
usedcodes_take(const char *path, uint64_t step,
    int (*open_trusted)(const char *path, char *err, size_t err_size),
    char problem[USEDCODES_PROBLEM_SIZE])
{
	enum usedcodes_answer answer = USEDCODES_BROKEN;
	int fd = open_record(path), trusted;

	if (fd < 0)
		return fail(problem, path, strerror(errno));
	trusted = open_trusted(path, problem, USEDCODES_PROBLEM_SIZE);
	if (trusted >= 0) {
		answer = is_same(fd, trusted)
		    ? take(fd, path, step, problem)
		    : fail(problem, path, "it is not what it was");
		close(trusted);
	}
	/* The lock goes with the descriptor. */
	close(fd);
	return answer;
}
