/*
 * Checking in: where a profile limits the sessions of an identity, the
 * ledger is asked before anybody is let in, and counts the session for as
 * long as it has its socket open.
 */
#ifndef SP_LOGIN_CHECKIN_H
#define SP_LOGIN_CHECKIN_H

#include "daemon/ipc/lodging.h"
#include "daemon/login/attempt.h"

/* False where nobody ever checks in, and a login needs no ledger. */
bool checkin_is_wanted(const struct access_settings *);

enum checkin {
	CHECKIN_DONE,
	CHECKIN_FULL, /* as many are there as may be */
	CHECKIN_UNANSWERED, /* by nobody, in time: there is no ledger, or no room */
};

/*
 * Asks on the login program's socket to the ledger, or -1. With
 * CHECKIN_DONE *session is the session's, to be kept open. Waits until the
 * deadline (ms, monotonic), and no longer than some seconds.
 */
SP_MUST_USE enum checkin checkin_ask(
    int ledger, const struct lodging *, uint64_t deadline, int *session);

/* What who has proved himself is counted by; max is 0 where he is not. */
struct lodging checkin_lodging(const struct attempt *);

/*
 * The same for who has proved himself. False when he is not let in: he and
 * the log were told. *session is -1 where his profile has no limit.
 */
SP_MUST_USE bool checkin_pass(const struct attempt *, int ledger, int *session);

/* False when the ledger that counted it is gone: none will know of it. */
bool checkin_holds(int session);

#endif
