/*
 * Where requests come in: the supervisor's orders, and the sockets of
 * gates, logins and sessions. One request a peer and turn, so that nobody
 * waits for a peer that asks more, and sessions before gates; a peer that
 * does not take its answer is not read.
 */
#ifndef SP_KEYHOLDER_DESK_H
#define SP_KEYHOLDER_DESK_H

#include "daemon/keyholder/vault.h"

struct event_base;

struct desk_given {
	struct event_base *base; /* all borrowed */
	const struct vault *vault;
	int control;
	uint64_t ticket_life; /* milliseconds */
	size_t sessions_max; /* at the same time; others get no socket */
};

/*
 * Serves until it is told to retire (or the supervisor is gone) and the
 * last peer has gone. False when it could not even begin.
 */
SP_MUST_USE bool desk_serve(const struct desk_given *);

#endif
