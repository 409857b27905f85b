/*
 * The doorman: whom the ledger wants kept out, and what it is told of those
 * who came. He looks into memory that the ledger writes (ipc/arrears.h); it
 * is asked nothing while somebody waits at the door.
 */
#ifndef SP_GATE_DOORMAN_H
#define SP_GATE_DOORMAN_H

#include "daemon/config/projection.h"
#include "daemon/ipc/conduct.h"

struct doorman;
struct event_base;

/* The settings are borrowed. NULL without memory. */
struct doorman *
doorman_new(struct event_base *, const struct penalty_settings *);
/* NULL is allowed. */
void doorman_free(struct doorman *);

/* The arrears, to read; takes the descriptor unless it returns false. */
SP_MUST_USE bool doorman_open(struct doorman *, int fd);
/* Takes the socket to a ledger, in place of the one before. */
void doorman_replace(struct doorman *, int socket);

/*
 * False between two ledgers, or before there are arrears: nobody can say
 * then who may come in. Where nothing is counted nobody has to.
 */
bool doorman_is_there(const struct doorman *);

/*
 * Why this one is not to come in, in words for the log; NULL: he may. now is
 * ms, monotonic.
 */
const char *doorman_refusal(
    const struct doorman *, const struct cidr_address *, uint64_t now);

/* Says so to who was refused, if it can be said at once. */
void doorman_turn_away(int socket);

/*
 * Tells the ledger how a connection ended: nothing for CONDUCT_NONE, nor of
 * somebody exempt. What it has no room for is lost.
 */
void
doorman_tell(struct doorman *, enum conduct_kind, const struct cidr_address *);

#endif
