/*
 * The daybook: the tickets that were used, by any login program of this
 * daemon, in the order in which they were. It is memory that the supervisor
 * makes and its login programs share, so that a ticket outlives the login
 * it was meant for and is still good only once. Who reads and writes holds
 * its lock, which ends with its holder.
 */
#ifndef SP_IPC_DAYBOOK_H
#define SP_IPC_DAYBOOK_H

#include <sallyport/types.h>

enum {
	DAYBOOK_ID_LEN = 16, /* the first bytes of an exchange hash */
	DAYBOOK_ENTRIES = 1
	    << 19, /* what comes later takes the oldest's place */
};

struct daybook_entry {
	uint8_t id[DAYBOOK_ID_LEN];
	uint64_t expiry; /* ms, CLOCK_MONOTONIC; of the ticket */
};

struct daybook_pages;

/* All zero: closed. */
struct daybook {
	struct daybook_pages *pages; /* not inherited by children */
	int fd;
	uint64_t read; /* entries that were read or written here */
};

/* An empty one: a descriptor, close-on-exec; -1 with errno set. */
SP_MUST_USE int daybook_make(void);

/* Takes the descriptor, unless it returns false. All is unread. */
SP_MUST_USE bool daybook_open(struct daybook *, int fd);
void daybook_close(struct daybook *);

/*
 * Waits for others, who hold it for microseconds. False when it is closed,
 * or the system says no.
 */
SP_MUST_USE bool daybook_lock(struct daybook *);
void daybook_unlock(struct daybook *);

/* The first entry not read yet; false when there is none. */
bool daybook_peek(struct daybook *, struct daybook_entry *);
/* That one is read. */
void daybook_advance(struct daybook *);

/*
 * Adds one; all others must have been read. False when the oldest, whose
 * place it would take, has not expired.
 */
SP_MUST_USE bool
daybook_write(struct daybook *, const struct daybook_entry *, uint64_t now);

#endif
