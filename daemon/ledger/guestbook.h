/*
 * The guestbook: how many sessions of each identity live. A session is in
 * it for as long as its socket is open, however it ends. What it says there
 * is nothing: who speaks all the same is its user, and loses its place.
 */
#ifndef SP_LEDGER_GUESTBOOK_H
#define SP_LEDGER_GUESTBOOK_H

#include "daemon/ipc/lodging.h"

#include <sys/queue.h>

struct event_base;
struct guest_entry;

struct guestbook {
	struct event_base *base; /* borrowed, like the room */
	uint8_t *room; /* for one message */
	void *identities; /* a tree of tsearch(3) */
	LIST_HEAD(guest_list, guest_entry) guests;
	struct guest_list gone; /* freed when nobody is in their callbacks */
	size_t count;
	size_t max; /* of all identities */
};

void guestbook_init(
    struct guestbook *, struct event_base *, uint8_t *room, size_t max);

/*
 * Takes the socket, and answers on it. False where there is no room or no
 * memory: it is closed without an answer, and nobody goes on without one.
 */
bool guestbook_admit(struct guestbook *, const struct lodging *, int socket);

/* One that another ledger admitted: whatever its limit is now. */
void guestbook_inherit(struct guestbook *, const struct lodging *, int socket);

/*
 * Tells the ledger behind the socket of all that are there, and forgets
 * them. Blocks while that one has no room, for some seconds at most.
 */
void guestbook_hand_on(struct guestbook *, int heir);

void guestbook_clear(struct guestbook *);

#endif
