/*
 * A recount: a ledger whose predecessor died without a word is told of the
 * sessions that are counted, in that one's place, as fast as it takes it.
 * Until the socket ends it lets nobody else in.
 */
#ifndef SP_SUPERVISOR_RECOUNT_H
#define SP_SUPERVISOR_RECOUNT_H

#include "daemon/supervisor/logsource.h"

/* All zero: there is none. */
struct recount {
	struct logsource_sink *sink; /* borrowed */
	int socket; /* to the ledger */
	struct event *writable; /* NULL: it is over */
	uint64_t round;
};

/* Takes the socket. One that is under way ends: its ledger is not any more. */
void recount_begin(struct recount *, struct logsource_sink *, int socket);

bool recount_is_under_way(const struct recount *);

void recount_end(struct recount *);

#endif
