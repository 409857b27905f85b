/*
 * Tickets that were used, here or by another login program: each opens one
 * talk, so its hash is kept until the ticket has expired.
 */
#ifndef SP_LOGIN_SPENT_H
#define SP_LOGIN_SPENT_H

#include "daemon/ipc/daybook.h"

/* The first bytes of an exchange hash tell tickets apart. */
enum { SPENT_ID_LEN = DAYBOOK_ID_LEN };

/* Rows, a power of two; a table takes as many tickets as half of them. */
enum { SPENT_ROWS_MAX = 1 << 20 };

struct spent_row;

struct spent {
	struct spent_row *rows; /* not inherited by children */
	size_t row_count;
	size_t used;
	size_t max; /* rows it may grow to */
	struct daybook daybook; /* what others used, and are told */
};

/* Takes no memory yet. row_max: SPENT_ROWS_MAX, or less in a test. */
void spent_init(struct spent *, size_t row_max);
void spent_clear(struct spent *);

/* Takes the daybook's descriptor, unless it returns false. */
SP_MUST_USE bool spent_share(struct spent *, int daybook);

/*
 * Takes a ticket for good. False when it was taken before, here or
 * elsewhere, when there is no daybook, or when there is no more room for
 * tickets that have not expired: all of them refuse it. Times are
 * milliseconds of CLOCK_MONOTONIC.
 */
SP_MUST_USE bool
spent_take(struct spent *, struct sp_view hash, uint64_t expiry, uint64_t now);

#endif
