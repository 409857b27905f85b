/*
 * Failures are answered on the strokes of a clock that began with what is
 * answered: how long it took to find out tells nothing.
 */
#ifndef SP_LOGIN_STROKE_H
#define SP_LOGIN_STROKE_H

#include <sallyport/types.h>

#include <time.h>

/* Milliseconds between two strokes. */
enum {
	STROKE = 5,
	/* For what a hash of a password is computed for, or is not. */
	STROKE_OF_SECRETS = 250,
};

/* Until the next stroke, CLOCK_MONOTONIC; never no time at all. */
void stroke_wait(const struct timespec *since, unsigned ms);

#endif
