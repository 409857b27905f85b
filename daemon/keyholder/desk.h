/*
 * Where requests come in: the supervisor's orders, and the sockets of
 * gates, logins and sessions. One request a peer and turn, so that nobody
 * waits for a peer that asks more, and sessions before gates; a peer that
 * does not take its answer is not read. What is slow to sign goes to the
 * worker, and keeps nobody waiting who wants something else: its answer
 * comes when it is made, after others of the same peer perhaps.
 */
#ifndef SP_KEYHOLDER_DESK_H
#define SP_KEYHOLDER_DESK_H

#include "daemon/keyholder/vault.h"

struct event_base;

struct desk_given {
	struct event_base *base; /* all borrowed */
	const struct vault *vault;
	int control;
	int worker; /* taken; -1: there is none (worker.h) */
	uint64_t ticket_life; /* milliseconds */
	size_t sessions_max; /* at the same time; others get no socket */
};

enum desk_end {
	DESK_RETIRED, /* and the last peer has gone */
	DESK_BROKEN, /* it could not even begin */
	DESK_LOST_WORKER, /* no slow key can be signed with any more */
};

/*
 * Serves until it is told to retire (or the supervisor is gone) and the
 * last peer has gone.
 */
SP_MUST_USE enum desk_end desk_serve(const struct desk_given *);

#endif
