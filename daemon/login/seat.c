/* Taking a seat: all of it under the file's guard. */
#include "daemon/login/seat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Seats that are counted, then those that are not. */
enum {
	COUNTED = IDENTITYFILE_SEATS,
	UNCOUNTED = COUNTED + SEAT_MAX,
};

/* Where room is wanted, it is there before anybody maps it. */
static bool
prepare_page(int file)
{
	static const uint8_t zero[SEAT_PAGE];
	struct stat st;

	if (!identityfile_is_held(file, IDENTITYFILE_SEATS, 0) &&
	    (ftruncate(file, SEAT_PAGE) != 0 ||
		pwrite(file, zero, sizeof zero, 0) != sizeof zero)) {
		if (errno == 0)
			errno = ENOSPC;
		return false;
	}
	if (fstat(file, &st) != 0)
		return false;
	errno = EIO;
	return st.st_size == SEAT_PAGE;
}

/*
 * The first free seat from first on; SEAT_MAX: there is none, or max are
 * taken. One look says whether anybody sits further behind.
 */
static uint32_t
find_seat(int file, uint64_t first, uint32_t max)
{
	uint32_t taken = 0, found = SEAT_MAX;

	for (uint32_t i = 0; i < SEAT_MAX; i++) {
		if (!identityfile_is_held(file, first + i, SEAT_MAX - i))
			return found < i ? found : i;
		if (!identityfile_is_held(file, first + i, 1))
			found = found < i ? found : i;
		else if (++taken >= max)
			return SEAT_MAX;
		/* Who has no limit takes any. */
		if (max > SEAT_MAX && found < SEAT_MAX)
			return found;
	}
	return found;
}

static bool
sit_down(int fd, uint64_t place)
{
	struct flock lock = {
		.l_type = F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)place,
		.l_len = 1,
	};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool
map_page(struct seat *seat, int file)
{
	void *page =
	    mmap(NULL, SEAT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (page == MAP_FAILED)
		return false;
	seat->page = page;
	return true;
}

/* Under the guard; errno where it failed. */
static enum seat_outcome
take(struct seat *seat, int folder, const char *name, int file, uint32_t max)
{
	const uint64_t first = max == 0 ? UNCOUNTED : COUNTED;
	uint32_t place;

	errno = 0;
	if (!prepare_page(file))
		return SEAT_FAILED;
	place = find_seat(file, first, max == 0 ? UINT32_MAX : max);
	if (place == SEAT_MAX) {
		errno = EUSERS;
		return max == 0 ? SEAT_FAILED : SEAT_FULL;
	}
	seat->fd = identityfile_open_to_read(folder, name, file);
	return seat->fd >= 0 && sit_down(seat->fd, first + place) ? SEAT_TAKEN
								  : SEAT_FAILED;
}

enum seat_outcome
seat_take(struct seat *seat, int folder, const char *name, uint32_t max,
    bool wants_page, uint64_t deadline, char problem[IDENTITYFILE_PROBLEM])
{
	int file = identityfile_open(folder, name, deadline, problem);
	enum seat_outcome outcome;

	*seat = (struct seat){ .fd = -1 };
	if (file < 0)
		return SEAT_FAILED;
	outcome = take(seat, folder, name, file, max);
	if (outcome == SEAT_TAKEN && wants_page && !map_page(seat, file))
		outcome = SEAT_FAILED;
	/* What is mapped keeps the description, and that the guard. */
	if (outcome == SEAT_TAKEN && !identityfile_unguard(file))
		outcome = SEAT_FAILED;
	if (outcome == SEAT_FAILED)
		snprintf(problem, IDENTITYFILE_PROBLEM, "%s", strerror(errno));
	if (outcome != SEAT_TAKEN)
		seat_leave(seat);
	close(file);
	return outcome;
}

void
seat_leave(struct seat *seat)
{
	if (seat->page != NULL)
		munmap(seat->page, SEAT_PAGE);
	if (seat->fd >= 0)
		close(seat->fd);
	*seat = (struct seat){ .fd = -1 };
}
