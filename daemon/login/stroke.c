/* Waiting for a stroke. */
#include "daemon/login/stroke.h"

#include <errno.h>

void
stroke_wait(const struct timespec *since, unsigned ms)
{
	const int64_t step = (int64_t)ms * 1000000;
	struct timespec now, rest;
	int64_t passed, left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	passed = (int64_t)(now.tv_sec - since->tv_sec) * 1000000000 +
	    (now.tv_nsec - since->tv_nsec);
	left = step - passed % step;
	rest.tv_sec = (time_t)(left / 1000000000);
	rest.tv_nsec = (long)(left % 1000000000);
	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		continue;
}
