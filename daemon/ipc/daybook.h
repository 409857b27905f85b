/*
 * The daybook: the tickets that were used, by any login program of this
 * daemon. It is memory that the supervisor makes and its login programs
 * share, so that a ticket outlives the login it was meant for and is still
 * good only once. Nobody waits for anybody: there is no lock to be held.
 */
#ifndef SP_IPC_DAYBOOK_H
#define SP_IPC_DAYBOOK_H

#include <sallyport/types.h>

enum {
	DAYBOOK_ENTRIES = 1 << 19,
	/* Those where one ticket may stand; a power of two. */
	DAYBOOK_PLACES = 32,
	/* Of an exchange hash: what tells tickets apart. */
	DAYBOOK_HASH_MIN = 16,
};

struct daybook_pages;

/* All zero: closed. */
struct daybook {
	struct daybook_pages *pages; /* not inherited by children */
};

/* An empty one: a descriptor, close-on-exec; -1 with errno set. */
SP_MUST_USE int daybook_make(void);

/*
 * Takes the descriptor, unless it returns false; it is closed, since the
 * memory alone is needed. An open daybook is closed before.
 */
SP_MUST_USE bool daybook_open(struct daybook *, int fd);
void daybook_close(struct daybook *);

/*
 * Takes a ticket for good: false when it was taken before, by anybody, or
 * has expired, or where all its places are others' that have not, or when
 * the book is closed. hash has at least DAYBOOK_HASH_MIN bytes. Times are ms
 * of CLOCK_MONOTONIC. Two who take one ticket at the same time may both be
 * refused, and never both succeed. Who was so slow that the ticket has
 * expired meanwhile must not use it: its place may be another's.
 */
SP_MUST_USE bool daybook_take(
    struct daybook *, struct sp_view hash, uint64_t expiry, uint64_t now);

#endif
