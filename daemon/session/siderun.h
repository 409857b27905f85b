/*
 * Programs that handlers have run beside their channels. Each is the
 * user's, has a time limit and a line in the log, and goes on when its
 * channel, or the connection, has gone.
 */
#ifndef SP_SESSION_SIDERUN_H
#define SP_SESSION_SIDERUN_H

#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

struct session;
struct sp_run;

/* At once, in one session. */
enum { SIDERUNS_MAX = 64 };

struct sideruns {
	struct session *session;
	size_t count;
	TAILQ_HEAD(, sp_run) list;
};

void siderun_init(struct sideruns *, struct session *);

/* Looks which of them have ended; each by its own number. */
void siderun_reap(struct sideruns *);
/* The same of one that somebody else has reaped. */
void siderun_reaped(struct sideruns *, pid_t, int wait_status);

/* Returns when there are none; before the session's loop is freed. */
void siderun_clear(struct sideruns *);

#endif
