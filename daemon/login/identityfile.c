/* Files by name, their guards, and their end. */
#include "daemon/login/identityfile.h"

#include "lib/crypto/digest.h"
#include "lib/wire/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	/* A file that is removed between two looks is made anew. */
	TRIES = 64,
	PAUSE_NS = 1000000,
	/* More than a login makes. */
	ENTRIES_A_SWEEP = 4,
};

/* No FIFO is waited for, and no lease of who has the file open. */
static const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool
identityfile_name(const struct sp_crypto *crypto, const char *identity,
    char name[IDENTITYFILE_NAME])
{
	static const char domain[] = "sallyport identity file 1";
	const struct sp_view pieces[] = {
		view_of(domain, sizeof domain), /* with its NUL */
		view_of_string(identity),
	};
	uint8_t hash[32];

	if (digest_of(crypto, DIGEST_SHA256, pieces, 2, hash) != SP_OK)
		return false;
	for (size_t i = 0; i < sizeof hash; i++)
		snprintf(name + 2 * i, 3, "%02x", hash[i]);
	return true;
}

/* ---- locks ---- */

static bool
lock(int file, short type, uint64_t from, uint64_t len)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)from,
		.l_len = (off_t)len,
	};

	return fcntl(file, F_OFD_SETLK, &lock) == 0;
}

/* What cannot be found out counts as held. */
bool
identityfile_is_held(int file, uint64_t from, uint64_t len)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)from,
		.l_len = (off_t)len,
	};

	return fcntl(file, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

static bool
guard(int file)
{
	return lock(file, F_WRLCK, IDENTITYFILE_GUARD, 1);
}

bool
identityfile_unguard(int file)
{
	return lock(file, F_UNLCK, IDENTITYFILE_GUARD, 1);
}

static bool
wait_for_guard(int file, uint64_t deadline)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	while (!guard(file)) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return false;
		if (now_ms() >= deadline) {
			errno = ETIMEDOUT;
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return true;
}

/* ---- opening ---- */

static int
refuse(int file, char problem[IDENTITYFILE_PROBLEM], const char *what)
{
	snprintf(problem, IDENTITYFILE_PROBLEM, "%s", what);
	if (file >= 0)
		close(file);
	return -1;
}

static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is no file";
	if (st->st_uid != geteuid())
		return "it belongs to somebody else";
	return (st->st_mode & 077) != 0 ? "others may open it" : NULL;
}

static bool
is_named(int folder, const char *name, const struct stat *st)
{
	struct stat named;

	return fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    named.st_dev == st->st_dev && named.st_ino == st->st_ino;
}

int
identityfile_open(int folder, const char *name, uint64_t deadline,
    char problem[IDENTITYFILE_PROBLEM])
{
	const char *fault;
	struct stat st;
	int file;

	for (int i = 0; i < TRIES; i++) {
		file = openat(folder, name, O_RDWR | O_CREAT | flags, 0600);
		if (file < 0)
			return refuse(file, problem, strerror(errno));
		if (fstat(file, &st) != 0)
			return refuse(file, problem, strerror(errno));
		fault = fault_of(&st);
		if (fault != NULL)
			return refuse(file, problem, fault);
		if (!wait_for_guard(file, deadline))
			return refuse(file, problem,
			    errno == ETIMEDOUT ? "somebody keeps it locked"
					       : strerror(errno));
		if (is_named(folder, name, &st))
			return file;
		close(file); /* it was removed before the guard was ours */
	}
	return refuse(-1, problem, "it is removed again and again");
}

int
identityfile_open_to_read(int folder, const char *name, int file)
{
	int reader = openat(folder, name, O_RDONLY | flags);
	struct stat st, other;

	if (reader < 0)
		return -1;
	if (fstat(file, &st) == 0 && fstat(reader, &other) == 0 &&
	    st.st_dev == other.st_dev && st.st_ino == other.st_ino)
		return reader;
	close(reader);
	errno = ESTALE;
	return -1;
}

/* ---- removing ---- */

/* What else is there is the administrator's. */
static bool
is_ours(const char *name)
{
	return strlen(name) == IDENTITYFILE_NAME - 1 &&
	    strspn(name, "0123456789abcdef") == IDENTITYFILE_NAME - 1;
}

/* Who opened it before and comes to the guard later finds it gone. */
static void
remove_unheld(int folder, const char *name)
{
	int file = openat(folder, name, O_RDWR | flags);
	struct stat st;

	if (file < 0)
		return;
	if (fstat(file, &st) == 0 && fault_of(&st) == NULL && guard(file) &&
	    !identityfile_is_held(file, IDENTITYFILE_SEATS, 0) &&
	    is_named(folder, name, &st))
		unlinkat(folder, name, 0);
	close(file);
}

/* Of its own: others read the folder as well. */
static DIR *
open_entries(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);

	if (entries == NULL && fd >= 0)
		close(fd);
	return entries;
}

void
identityfile_sweep(struct identityfile_sweep *sweep, int folder)
{
	const struct dirent *entry;

	if (sweep->entries == NULL)
		sweep->entries = open_entries(folder);
	if (sweep->entries == NULL)
		return;
	for (int i = 0; i < ENTRIES_A_SWEEP; i++) {
		entry = readdir(sweep->entries);
		if (entry == NULL) {
			rewinddir(sweep->entries);
			return;
		}
		if (is_ours(entry->d_name))
			remove_unheld(folder, entry->d_name);
	}
}

void
identityfile_sweep_end(struct identityfile_sweep *sweep)
{
	if (sweep->entries != NULL)
		closedir(sweep->entries);
	sweep->entries = NULL;
}
