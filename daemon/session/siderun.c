/* Programs beside channels: started, ended in time, logged; module.h's part. */
#include "daemon/session/siderun.h"

#include "daemon/log/log.h"
#include "daemon/modload/modlog.h"
#include "daemon/session/chan.h"
#include "daemon/session/program.h"
#include "lib/pump/pump.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Who is told to end has as long again as he had, and this at most. */
enum { GRACE_MS = 5000, LOOK_MS = 50 };

struct sp_run {
	TAILQ_ENTRY(sp_run) link;
	struct sideruns *sideruns;
	const char *handler; /* the group's name, which stays */
	char *command, *event, *path; /* for the log */
	pid_t pid; /* leads its group, and is not reaped */
	uint64_t started_at, time_ms; /* pump_now() */
	struct event *limit;
	bool is_overdue; /* it was told to end, and holds the reaping */
	bool was_overdue, was_left;
	void (*ended)(void *arg, const struct sp_outcome *); /* or NULL */
	void *arg;
};

void
siderun_init(struct sideruns *e, struct session *session)
{
	*e = (struct sideruns){ .session = session };
	TAILQ_INIT(&e->list);
}

/* ---- the end ---- */

static void
log_end(const struct sp_run *run, const struct sp_outcome *outcome)
{
	const struct session_facts *facts =
	    &session_given(run->sideruns->session)->facts;
	struct log_field fields[11] = {
		log_text(FIELD_HANDLER, run->handler),
		log_text(FIELD_COMMAND, run->command),
		log_text(FIELD_DETAIL, run->event),
		log_text(FIELD_PATH, run->path),
		log_text(FIELD_IDENTITY, facts->identity),
		log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
		log_number(FIELD_MILLISECONDS, outcome->time_ms),
	};
	size_t count = 9;

	if (outcome->signal != 0)
		fields[count++] = log_number(FIELD_SIGNAL, outcome->signal);
	else
		fields[count++] = log_number(FIELD_STATUS, outcome->status);
	if (outcome->is_late)
		fields[count++] = log_text(FIELD_REASON, "its time was over");
	else if (run->was_left)
		fields[count++] = log_text(FIELD_REASON, "the client left");
	log_event(EVENT_HOOK_RAN, fields, count);
}

static void
free_run(struct sp_run *run)
{
	if (run->limit != NULL)
		event_free(run->limit);
	free(run->command);
	free(run->event);
	free(run->path);
	free(run);
}

static void
stop_holding(struct sp_run *run)
{
	if (!run->is_overdue)
		return;
	run->is_overdue = false;
	session_hold_reaping(run->sideruns->session, false);
}

static void
end(struct sp_run *run, int wait_status)
{
	struct sp_outcome outcome = {
		.size = sizeof outcome,
		.has_ended = true,
		.is_late = run->was_overdue,
		.time_ms = pump_now() - run->started_at,
	};

	if (WIFSIGNALED(wait_status))
		outcome.signal = (uint32_t)WTERMSIG(wait_status);
	else
		outcome.status = (uint32_t)WEXITSTATUS(wait_status);
	TAILQ_REMOVE(&run->sideruns->list, run, link);
	run->sideruns->count--;
	stop_holding(run);
	log_end(run, &outcome);
	if (run->ended != NULL) {
		modlog_set_speaker(run->handler);
		run->ended(run->arg, &outcome);
		modlog_set_speaker(NULL);
	}
	free_run(run);
}

/* Its group is killed while its leader is not reaped, if it is overdue. */
static void
look(struct sp_run *run)
{
	siginfo_t ended = { .si_pid = 0 };
	int status;

	if (waitid(P_PID, (id_t)run->pid, &ended,
		WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    ended.si_pid != run->pid)
		return;
	if (run->is_overdue)
		kill(-run->pid, SIGKILL);
	if (waitpid(run->pid, &status, WNOHANG) == run->pid)
		end(run, status);
}

/* What one's end brings about may add others behind it, and take none. */
void
siderun_reap(struct sideruns *e)
{
	struct sp_run *run, *next;

	for (run = TAILQ_FIRST(&e->list); run != NULL; run = next) {
		next = TAILQ_NEXT(run, link);
		look(run);
	}
}

void
siderun_reaped(struct sideruns *e, pid_t pid, int wait_status)
{
	struct sp_run *run;

	TAILQ_FOREACH(run, &e->list, link)
	{
		if (run->pid == pid)
			break;
	}
	if (run != NULL)
		end(run, wait_status);
}

/* ---- its time ---- */

static uint64_t
grace_of(const struct sp_run *run)
{
	return run->time_ms < GRACE_MS ? run->time_ms : GRACE_MS;
}

static void
tell_to_end(struct sp_run *run)
{
	if (!run->is_overdue)
		session_hold_reaping(run->sideruns->session, true);
	run->is_overdue = true;
	kill(-run->pid, SIGTERM);
	kill(-run->pid, SIGCONT); /* who is stopped hears it too */
}

static bool
wait_for(struct sp_run *run, uint64_t ms)
{
	const struct timeval time = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	return event_add(run->limit, &time) == 0;
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct sp_run *run = arg;

	(void)fd;
	(void)what;
	run->was_overdue = !run->was_left;
	if (run->is_overdue) {
		kill(-run->pid, SIGKILL);
		return;
	}
	tell_to_end(run);
	if (!wait_for(run, grace_of(run)))
		kill(-run->pid, SIGKILL);
}

/* The loop is over, and so are its timers. */
static void
look_at_time(struct sp_run *run)
{
	uint64_t age = pump_now() - run->started_at;

	if (age < run->time_ms)
		return;
	run->was_overdue = true;
	if (!run->is_overdue)
		tell_to_end(run);
	if (age >= run->time_ms + grace_of(run))
		kill(-run->pid, SIGKILL);
}

void
siderun_clear(struct sideruns *e)
{
	struct sp_run *run;

	siderun_reap(e);
	while (!TAILQ_EMPTY(&e->list)) {
		TAILQ_FOREACH(run, &e->list, link)
		look_at_time(run);
		poll(NULL, 0, LOOK_MS);
		siderun_reap(e);
	}
}

/* ---- the functions of module.h ---- */

/* As much as both sides know. */
static struct sp_siderun
read_siderun(const struct sp_siderun *from)
{
	struct sp_siderun siderun = { 0 };

	memcpy(&siderun, from,
	    from->size < sizeof siderun ? from->size : sizeof siderun);
	return siderun;
}

static struct sp_run *
make_run(struct sp_chan *chan, const struct sp_siderun *siderun)
{
	struct sideruns *e = session_sideruns(chan->session);
	struct sp_run *run = calloc(1, sizeof *run);

	if (run == NULL)
		return NULL;
	*run = (struct sp_run){
		.sideruns = e,
		.handler = chan->handler->name,
		.command = strdup(siderun->program->path),
		.event = strdup(siderun->event),
		.path = strdup(siderun->path),
		.ended = siderun->ended,
		.arg = siderun->arg,
	};
	run->limit = evtimer_new(session_base(chan->session), on_limit, run);
	if (run->command != NULL && run->event != NULL && run->path != NULL &&
	    run->limit != NULL)
		return run;
	free_run(run);
	return NULL;
}

/* Nothing to read, and nobody who listens. */
static pid_t
start_alone(struct sp_chan *chan, struct program_start *start)
{
	struct program_outcome outcome = { 0 };
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC), error;
	pid_t pid;

	if (nowhere < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		start->stdio[i] = nowhere;
	pid = program_start(start, &outcome);
	error = errno;
	close(nowhere);
	if (pid < 0 && outcome.limit != NULL)
		log_event(EVENT_LIMIT_FAILED,
		    LOG_FIELDS(log_text(FIELD_DETAIL, outcome.limit),
			log_text(FIELD_USER,
			    session_given(chan->session)->facts.user),
			log_text(FIELD_REASON, strerror(error))));
	errno = error;
	return pid;
}

struct sp_run *
sp_chan_run(struct sp_chan *chan, const struct sp_siderun *asked)
{
	const struct sp_siderun siderun = read_siderun(asked);
	struct sideruns *e = session_sideruns(chan->session);
	struct sp_program own;
	struct sp_limits limits;
	struct program_start start = { .program = &own };
	struct sp_run *run;

	program_read(siderun.program, &own, &limits);
	program_tighten(
	    &limits, &session_given(chan->session)->profile->limits);
	own.limits = &limits;
	if (limits.time_ms == 0 || siderun.event == NULL ||
	    siderun.path == NULL) {
		errno = EINVAL;
		return NULL;
	}
	if (e->count >= SIDERUNS_MAX) {
		errno = EAGAIN;
		return NULL;
	}
	run = make_run(chan, &siderun);
	if (run == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	run->time_ms = limits.time_ms;
	run->started_at = pump_now();
	run->pid = start_alone(chan, &start);
	if (run->pid < 0) {
		int error = errno;

		free_run(run);
		errno = error;
		return NULL;
	}
	TAILQ_INSERT_TAIL(&e->list, run, link);
	e->count++;
	/* Without a timer it had no limit at all. */
	if (!wait_for(run, run->time_ms))
		kill(-run->pid, SIGKILL);
	return run;
}

void
sp_run_leave(struct sp_run *run, bool is_wanted)
{
	run->ended = NULL;
	if (is_wanted)
		return;
	run->was_left = true;
	tell_to_end(run);
	if (!wait_for(run, grace_of(run)))
		kill(-run->pid, SIGKILL);
}
