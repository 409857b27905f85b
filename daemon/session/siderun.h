/*
 * Programs that handlers have run beside their channels. Each is the
 * user's, has a time limit and a line in the log, and goes on when its
 * channel, or the connection, has gone.
 */
#ifndef SP_SESSION_SIDERUN_H
#define SP_SESSION_SIDERUN_H

#include <sallyport/types.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct session;
struct sp_outcome;
struct sp_program;
struct sp_run;

/* At once, in one session; and those that wait, or have a place to. */
enum { SIDERUNS_MAX = 64, SIDERUNS_WAITING_MAX = 1024 };

struct sideruns {
	struct session *session;
	size_t count;
	TAILQ_HEAD(, sp_run) list;
	size_t waiting, kept; /* no more than SIDERUNS_WAITING_MAX together */
	TAILQ_HEAD(, sp_run) queue;
	bool takes_no_more; /* the session was told to end: none is begun */
};

void siderun_init(struct sideruns *, struct session *);

/* Looks which of them have ended; each by its own number. */
void siderun_reap(struct sideruns *);
/* The same of one that somebody else has reaped. */
void siderun_reaped(struct sideruns *, pid_t, int wait_status);

/*
 * A program of the session's own, besides those of handlers: it waits for no
 * place and is no line of the log; nobody's limits and no signal to the
 * session keep it from its end, as it has no more than its time.
 */
struct siderun_own {
	const struct sp_program *program; /* without a terminal */
	int input; /* its stdin, not below 3; stays the caller's */
	uint64_t time_ms;
	void (*ended)(void *arg, const struct sp_outcome *); /* once */
	void *arg;
};

/* False with errno set: then it has not ended either. */
SP_MUST_USE bool
siderun_start_own(struct sideruns *, const struct siderun_own *);

/*
 * Returns when there are none; after the session's loop has ended, and before
 * it is freed. They are told to end at once, or when SIGTERM or SIGHUP comes.
 */
void siderun_clear(struct sideruns *, bool must_stop);

#endif
