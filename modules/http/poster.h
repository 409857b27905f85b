/*
 * The service of "http": questions by POST, over connections that stay
 * open, and answers that are remembered.
 */
#ifndef SP_HTTP_POSTER_H
#define SP_HTTP_POSTER_H

#include <sallyport/types.h>

enum { POSTER_MAX = 64 };

struct poster_given {
	const char *url;
	const char *socket; /* a path; "": by TCP */
	const char *ca; /* a file of certificates; "": the system's */
	uint64_t timeout; /* ms */
	size_t connections; /* at most POSTER_MAX */
	uint64_t cache_yes, cache_no; /* ms; 0: not at all */
	size_t cache_size; /* answers of each kind */
};

/* The body of the service. */
int poster_run(int fd, const struct poster_given *);

#endif
