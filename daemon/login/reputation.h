/*
 * The reputation of sources: what the login program tells the ledger of how
 * visits ended. It reads what the ledger knows (ipc/arrears.h), so that who
 * is let in costs a message only where it changes something.
 */
#ifndef SP_LOGIN_REPUTATION_H
#define SP_LOGIN_REPUTATION_H

#include "daemon/config/settings.h"
#include "daemon/ipc/arrears.h"

/* All zero but the ledger, which is -1: nothing is told to anybody. */
struct reputation {
	const struct penalty_settings *settings; /* borrowed */
	int ledger; /* -1 between two */
	struct arrears arrears;
};

void reputation_init(struct reputation *, const struct penalty_settings *);

/* Takes the socket, in place of the one before. */
void reputation_set_ledger(struct reputation *, int socket);

/*
 * Tells how a visit ended: nothing for CONDUCT_NONE, and nothing of who is
 * exempt. Where the address is claimed (conduct.h) nobody is known by it. now
 * is ms, monotonic. What the ledger has no room for is lost.
 */
void reputation_tell(struct reputation *, enum conduct_kind,
    const struct cidr_address *, bool is_claimed, uint64_t now);

#endif
