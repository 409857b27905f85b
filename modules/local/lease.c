/* flock(2), which a descriptor that only reads can have as well. */
#include "modules/local/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Somebody has it alone for as long as a file is made smaller. */
	TRIES = 100,
	PAUSE_NS = 1000000,
};

bool
lease_share(int fd)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	for (int i = 0; i < TRIES; i++) {
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		nanosleep(&pause, NULL);
	}
	errno = EBUSY;
	return false;
}

bool
lease_alone(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* A device or a FIFO is not opened: that alone may do something. */
static int
open_file(const struct sp_store *store, const char *path)
{
	int fd = localstore_open(store, path, O_PATH | O_NOFOLLOW, 0);
	bool is_file = false;
	struct stat st;

	if (fd >= 0) {
		is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
		close(fd);
	}
	fd = -1;
	if (is_file)
		fd = localstore_open(store, path, O_RDONLY | O_NOFOLLOW, 0);
	if (is_file && fd < 0)
		fd = localstore_open(store, path, O_WRONLY | O_NOFOLLOW, 0);
	return fd;
}

/* One that has lost its last name before was another's to give back. */
void
lease_claim(
    struct lease_claim *claim, const struct sp_store *store, const char *path)
{
	int fd = open_file(store, path);
	struct stat st;

	*claim = (struct lease_claim){ .fd = -1 };
	if (fd < 0)
		return;
	if (lease_alone(fd) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink > 0) {
		claim->fd = fd;
		claim->names = st.st_nlink;
	} else {
		close(fd);
	}
}

struct quota_amount
lease_settle(struct lease_claim *claim)
{
	struct quota_amount gone = { 0 };
	struct stat st;

	if (claim->fd < 0)
		return gone;
	if (fstat(claim->fd, &st) == 0) {
		gone.names = st.st_nlink < claim->names ? 1 : 0;
		gone.bytes = st.st_nlink == 0 ? (uint64_t)st.st_size : 0;
	}
	close(claim->fd);
	claim->fd = -1;
	return gone;
}
