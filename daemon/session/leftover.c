/* Leftover programs: watched for a moment, and killed with their groups. */
#include "daemon/session/leftover.h"

#include "daemon/session/session.h"
#include "lib/pump/pump.h"

#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { LOOK_MS = 50 };

struct leftover {
	TAILQ_ENTRY(leftover) link;
	pid_t pid;
	uint64_t until;
};

void
leftover_init(struct leftovers *l, struct session *session)
{
	*l = (struct leftovers){ .session = session };
	TAILQ_INIT(&l->list);
}

static bool
has_ended(pid_t pid)
{
	siginfo_t ended = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) ==
	    0 &&
	    ended.si_pid == pid;
}

/* The leader is not reaped yet: the group's number is its own. */
static void
look_at_all(struct leftovers *l)
{
	struct leftover *each, *next;

	for (each = TAILQ_FIRST(&l->list); each != NULL; each = next) {
		next = TAILQ_NEXT(each, link);
		if (pump_now() < each->until && !has_ended(each->pid))
			continue;
		kill(-each->pid, SIGKILL);
		TAILQ_REMOVE(&l->list, each, link);
		free(each);
		session_hold_reaping(l->session, false);
	}
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct leftovers *l = arg;

	(void)fd;
	(void)what;
	look_at_all(l);
	if (TAILQ_EMPTY(&l->list))
		event_del(l->look);
}

static bool
look_from_now_on(struct leftovers *l)
{
	static const struct timeval step = { .tv_usec = LOOK_MS * 1000 };

	if (l->look == NULL)
		l->look = event_new(
		    session_base(l->session), -1, EV_PERSIST, on_look, l);
	return l->look != NULL && event_add(l->look, &step) == 0;
}

void
leftover_take(struct leftovers *l, pid_t pid, uint64_t ms)
{
	struct leftover *new = malloc(sizeof *new);

	if (new == NULL || !look_from_now_on(l)) {
		free(new);
		kill(-pid, SIGKILL);
		return;
	}
	*new = (struct leftover){ .pid = pid, .until = pump_now() + ms };
	TAILQ_INSERT_TAIL(&l->list, new, link);
	session_hold_reaping(l->session, true);
}

void
leftover_clear(struct leftovers *l)
{
	look_at_all(l);
	while (!TAILQ_EMPTY(&l->list)) {
		poll(NULL, 0, LOOK_MS);
		look_at_all(l);
	}
	if (l->look != NULL)
		event_free(l->look);
	l->look = NULL;
}
