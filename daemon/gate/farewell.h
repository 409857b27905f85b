/*
 * Farewells: the one line that the log gets of each connection that ended
 * before a login, in the words in which OpenSSH says it.
 */
#ifndef SP_GATE_FAREWELL_H
#define SP_GATE_FAREWELL_H

#include "daemon/config/cidr.h"

#include <sallyport/engine.h>

struct farewell {
	uint64_t connection;
	struct cidr_endpoint peer;
	struct sp_view user; /* who he said he is; empty before he did */
};

/* The engine's SP_EVENT_CLOSED; error is the socket's, or 0. */
void
farewell_closed(const struct farewell *, const struct sp_event *, int error);
void farewell_timed_out(const struct farewell *);
/* This side could not go on. */
void farewell_failed(const struct farewell *, const char *reason);
/*
 * A limit: ten of these lines a second at most, the next says how many
 * were left out.
 */
void farewell_refused(const struct farewell *, const char *reason);

#endif
