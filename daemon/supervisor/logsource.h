/*
 * A log socket: records of one process and of who inherited it from that
 * process (a login's children). It lives until the last of them has closed
 * it. Each session has one of its own, which its login sends while it is a
 * login still: whatever a session does with its socket is nobody else's
 * loss, and what it says is said by that session.
 */
#ifndef SP_SUPERVISOR_LOGSOURCE_H
#define SP_SUPERVISOR_LOGSOURCE_H

#include "daemon/log/journal.h"

#include <sys/queue.h>

struct event;
struct event_base;
struct logsource;
LIST_HEAD(logsource_list, logsource);

/* Where records go; the journal may be another one tomorrow. */
struct logsource_sink {
	struct event_base *base;
	struct journal *journal;
	struct logsource_list sources;
	struct event *sweeper; /* of those that are over; logsource.c's own */
	size_t sessions; /* that have a socket here */
	size_t sessions_max; /* of others nothing is heard */
};

/*
 * A new one for a process of this role; *end is the end it is started
 * with, and the caller's to close. NULL with errno set.
 */
struct logsource *
logsource_open(struct logsource_sink *, const struct line_origin *, int *end);

/* The process was forked: it has this id. */
void logsource_set_pid(struct logsource *, pid_t);

/* Takes what has come so far from this process; from every one with 0. */
void logsource_drain(struct logsource_sink *, pid_t);

/* At the end of the supervisor. */
void logsource_close_all(struct logsource_sink *);

#endif
