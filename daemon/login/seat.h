/*
 * A seat: what a session holds for as long as it lives, and is counted by
 * for its identity. It is a lock on a byte of the identity's file, held by a
 * descriptor that can only read: it is its user's, who can neither fill the
 * file system through it nor keep others of another identity out. Behind it
 * is the page that all sessions of the identity share; it is zero for the
 * first that comes.
 */
#ifndef SP_LOGIN_SEAT_H
#define SP_LOGIN_SEAT_H

#include "daemon/ipc/tally.h"
#include "daemon/login/identityfile.h"

enum {
	SEAT_PAGE = TALLY_SIZE,
	SEAT_MAX = 65536, /* of either kind */
};

struct seat {
	int fd; /* -1: none. The lock goes with its last copy */
	void *page; /* shared, for tally.h; NULL: not asked for */
};

enum seat_outcome {
	SEAT_TAKEN,
	SEAT_FULL, /* as many are taken as may be */
	SEAT_FAILED, /* it cannot be found out, or there is no room */
};

/*
 * Takes a seat of the identity of that name (identityfile.h), where fewer
 * than max are taken. With max 0 the seat is not counted, and counts for
 * nobody: it keeps the page as it is. Waits until the deadline (ms,
 * monotonic). SEAT_FAILED with a phrase in problem.
 */
SP_MUST_USE enum seat_outcome
seat_take(struct seat *, int folder, const char *name, uint32_t max,
    bool wants_page, uint64_t deadline, char problem[IDENTITYFILE_PROBLEM]);

/* In this process; a child that was forked holds it still. */
void seat_leave(struct seat *);

#endif
