/*
 * The service of the module under test: its body in a process of its own,
 * which meets logins as it does under the daemon, but has the account of who
 * tries it.
 */
#ifndef SP_MODTEST_ATTENDANT_H
#define SP_MODTEST_ATTENDANT_H

#include "cli/modtest/answer.h"
#include "daemon/login/servicelink.h"

#include <sys/types.h>

struct attendant {
	const struct modgroup *group; /* an auth module */
	pid_t process; /* 0: it has no service, or that has ended */
	int control; /* the supervisor's end */
	struct servicelinks links; /* the login program's */
};

/*
 * Starts it, where the module has one. False where that cannot be. Before
 * there is a thread.
 */
SP_MUST_USE bool attendant_start(struct attendant *, const struct modgroup *);

/* A login's socket to it; -1: there is none. The caller's to close. */
int attendant_enter(struct attendant *);

/*
 * One that ended though nobody told it to is told of, and started anew: it
 * is a failure.
 */
void attendant_look_after(struct attendant *, struct answer *);

/*
 * Has it end, as the daemon does when it is replaced: "SERVICE 0", or what
 * it ended with, and that it did not. Anything but 0 is a failure.
 */
void attendant_stop(struct attendant *, struct answer *);

#endif
