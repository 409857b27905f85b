/*
 * The programs of one group: who is free gets the next question, who dies,
 * hangs or breaks the rules is ended and started again, later and later.
 */
#ifndef SP_PROGRAM_STAFF_H
#define SP_PROGRAM_STAFF_H

#include <sallyport/types.h>

enum { STAFF_MAX = 16 };

struct staff_given {
	const char *const *argv; /* ends with NULL, as env does */
	const char *const *env;
	size_t workers; /* at most STAFF_MAX */
	uint64_t timeout; /* ms, of an answer */
};

/* The body of the service. */
int staff_run(int fd, const struct staff_given *);

#endif
