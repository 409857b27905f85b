/*
 * Preloaded: the time of day is off by as many seconds as a file says, which
 * a test changes while the program runs. No other clock is touched.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static const volatile int64_t *offset;

__attribute__((constructor)) static void
find_offset(void)
{
	const char *path = getenv("TIMEWARP");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *room;

	if (fd < 0)
		return;
	room = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
	if (room != MAP_FAILED)
		offset = room;
	close(fd);
}

SHOWN int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int status = (int)syscall(SYS_clock_gettime, clock, now);

	if (status == 0 && clock == CLOCK_REALTIME && offset != NULL)
		now->tv_sec += *offset;
	return status;
}

SHOWN time_t
time(time_t *room)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	if (room != NULL)
		*room = now.tv_sec;
	return now.tv_sec;
}

SHOWN int
gettimeofday(struct timeval *restrict room, void *restrict zone)
{
	struct timespec now = { 0 };

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	room->tv_sec = now.tv_sec;
	room->tv_usec = now.tv_nsec / 1000;
	return 0;
}
