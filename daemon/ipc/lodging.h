/*
 * LODGE: a session to be is to be counted for its identity, by the login's
 * word; the descriptor is one end of a pair whose other end stays open for
 * as long as the session lives. The answer comes there: LODGED, or
 * LODGING_REFUSED where as many live as may. A ledger that is replaced says
 * it to the next, of whom it counts, and gets no answer; for one that died
 * the supervisor does, who has it from the login with SESSION_LOG.
 */
#ifndef SP_IPC_LODGING_H
#define SP_IPC_LODGING_H

#include "lib/wire/writer.h"

enum { LODGING_IDENTITY_MAX = 255 };

struct lodging {
	struct sp_view identity; /* without a NUL; borrowed */
	uint32_t max; /* sessions of it, this one with them; never 0 */
};

SP_MUST_USE enum sp_status
lodging_encode(const struct lodging *, struct buffer *);
/* Borrows from the body. */
SP_MUST_USE enum sp_status lodging_decode(struct sp_view, struct lodging *);

#endif
