/* Programs beside channels: started, ended in time, logged; module.h's part. */
#include "daemon/session/siderun.h"

#include "daemon/log/log.h"
#include "daemon/modload/modlog.h"
#include "daemon/session/chan.h"
#include "daemon/session/program.h"
#include "daemon/session/programcopy.h"
#include "lib/pump/pump.h"

#include <assert.h>
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

static void start_waiting(struct sideruns *);

struct sp_run {
	TAILQ_ENTRY(sp_run) link;
	struct sideruns *sideruns;
	const char *handler; /* the group's name, which stays */
	char *command, *event, *path; /* for the log; NULL: an own one */
	int input; /* its stdin until it is started; -1: nothing to read */
	struct sp_program *program; /* of one that waits; or NULL */
	pid_t pid; /* leads its group, and is not reaped; 0: it waits */
	uint64_t started_at, time_ms, told_at; /* by pump_now() */
	struct event *limit;
	bool is_overdue; /* it was told to end, and holds the reaping */
	bool was_overdue, was_left, was_stopped;
	int error; /* why it did not come to run; 0: it did */
	void (*ended)(void *arg, const struct sp_outcome *); /* or NULL */
	void *arg;
};

void
siderun_init(struct sideruns *e, struct session *session)
{
	*e = (struct sideruns){ .session = session };
	TAILQ_INIT(&e->list);
	TAILQ_INIT(&e->queue);
}

/* ---- the beginning ---- */

static bool
wait_for(struct sp_run *run, uint64_t ms)
{
	const struct timeval time = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	return event_add(run->limit, &time) == 0;
}

/* Nothing to read but the input, and nobody who listens. */
static pid_t
start_alone(struct session *session, struct program_start *start, int input)
{
	const char *limit = NULL;
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC), error;
	pid_t pid;

	if (nowhere < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		start->stdio[i] = nowhere;
	if (input >= 0)
		start->stdio[0] = input;
	pid = program_start(start, &limit);
	error = errno;
	close(nowhere);
	if (pid < 0 && limit != NULL)
		log_event(EVENT_LIMIT_FAILED,
		    LOG_FIELDS(log_text(FIELD_DETAIL, limit),
			log_text(
			    FIELD_USER, session_given(session)->facts.user),
			log_text(FIELD_REASON, strerror(error))));
	errno = error;
	return pid;
}

/* False with errno set: it belongs to nobody then. */
static bool
start(struct sp_run *run, struct sp_program *program)
{
	struct sideruns *e = run->sideruns;
	struct program_start begun = { .program = program };

	run->started_at = pump_now();
	run->pid = start_alone(e->session, &begun, run->input);
	if (run->pid < 0)
		return false;
	TAILQ_INSERT_TAIL(&e->list, run, link);
	e->count++;
	/* Without a timer it had no limit at all. */
	if (!wait_for(run, run->time_ms))
		kill(-run->pid, SIGKILL);
	return true;
}

/* ---- the end ---- */

static bool
is_own(const struct sp_run *run)
{
	return run->event == NULL;
}

/* Why it did not end by itself; NULL: it did. */
static const char *
reason_of(const struct sp_run *run)
{
	if (run->was_overdue)
		return "its time was over";
	if (run->was_stopped)
		return "the session was told to end";
	if (run->was_left)
		return "the client left";
	return run->error == 0 ? NULL : strerror(run->error);
}

static void
log_end(const struct sp_run *run, const struct sp_outcome *outcome)
{
	const char *reason = reason_of(run);
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
	else if (outcome->has_ended)
		fields[count++] = log_number(FIELD_STATUS, outcome->status);
	if (reason != NULL)
		fields[count++] = log_text(FIELD_REASON, reason);
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
	free(run->program);
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
tell(struct sp_run *run, const struct sp_outcome *outcome)
{
	if (!is_own(run))
		log_end(run, outcome);
	if (run->ended != NULL) {
		modlog_set_speaker(run->handler);
		run->ended(run->arg, outcome);
		modlog_set_speaker(NULL);
	}
	free_run(run);
}

static void
end(struct sp_run *run, int wait_status)
{
	struct sideruns *e = run->sideruns;
	struct sp_outcome outcome = {
		.size = sizeof outcome,
		.has_ended = true,
		.is_late = run->was_overdue,
		.time_ms = pump_now() - run->started_at,
	};
	struct program_failure failure;

	if (program_has_failed(run->pid, &failure))
		run->error = outcome.error = failure.error;
	if (WIFSIGNALED(wait_status))
		outcome.signal = (uint32_t)WTERMSIG(wait_status);
	else
		outcome.status = (uint32_t)WEXITSTATUS(wait_status);
	TAILQ_REMOVE(&e->list, run, link);
	e->count--;
	stop_holding(run);
	tell(run, &outcome);
	start_waiting(e);
}

static void
leave_queue(struct sp_run *run)
{
	TAILQ_REMOVE(&run->sideruns->queue, run, link);
	run->sideruns->waiting--;
}

/* One that waited cannot be started, or shall not. */
static void
fail(struct sp_run *run, int error)
{
	const struct sp_outcome outcome = {
		.size = sizeof outcome,
		.error = error,
	};

	run->error = error;
	tell(run, &outcome);
}

static void
start_waiting(struct sideruns *e)
{
	struct sp_run *run;

	while (
	    e->count < SIDERUNS_MAX && (run = TAILQ_FIRST(&e->queue)) != NULL) {
		leave_queue(run);
		if (!start(run, run->program))
			fail(run, errno);
	}
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
	struct program_failure unheard;
	struct sp_run *run;

	TAILQ_FOREACH(run, &e->list, link)
	{
		if (run->pid == pid)
			break;
	}
	if (run != NULL)
		end(run, wait_status);
	else
		program_has_failed(pid, &unheard);
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
	if (!run->is_overdue) {
		session_hold_reaping(run->sideruns->session, true);
		run->told_at = pump_now();
	}
	run->is_overdue = true;
	kill(-run->pid, SIGTERM);
	kill(-run->pid, SIGCONT); /* who is stopped hears it too */
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
	uint64_t now = pump_now();

	if (!run->is_overdue && now - run->started_at >= run->time_ms) {
		run->was_overdue = true;
		tell_to_end(run);
	}
	if (run->is_overdue && now - run->told_at >= grace_of(run))
		kill(-run->pid, SIGKILL);
}

/* Those that run have their grace; what waits is not begun any more. */
static void
stop_all(struct sideruns *e)
{
	struct sp_run *run;

	e->takes_no_more = true;
	while ((run = TAILQ_FIRST(&e->queue)) != NULL) {
		leave_queue(run);
		run->was_stopped = true;
		fail(run, ECANCELED);
	}
	TAILQ_FOREACH(run, &e->list, link)
	{
		if (run->is_overdue || is_own(run))
			continue;
		run->was_stopped = true;
		tell_to_end(run);
	}
}

static volatile sig_atomic_t is_told_to_end;

static void
on_told_to_end(int number)
{
	(void)number;
	is_told_to_end = 1;
}

void
siderun_clear(struct sideruns *e, bool must_stop)
{
	const struct sigaction heard = { .sa_handler = on_told_to_end };
	struct sp_run *run;

	is_told_to_end = must_stop;
	sigaction(SIGTERM, &heard, NULL);
	sigaction(SIGHUP, &heard, NULL);
	siderun_reap(e);
	while (!TAILQ_EMPTY(&e->list)) {
		if (is_told_to_end && !e->takes_no_more)
			stop_all(e);
		TAILQ_FOREACH(run, &e->list, link)
		look_at_time(run);
		poll(NULL, 0, LOOK_MS);
		siderun_reap(e);
	}
}

/* ---- the session's own ---- */

bool
siderun_start_own(struct sideruns *e, const struct siderun_own *own)
{
	struct sp_program program = *own->program;
	struct sp_run *run = malloc(sizeof *run);
	int error;

	if (run == NULL)
		return false;
	*run = (struct sp_run){
		.sideruns = e,
		.input = own->input,
		.time_ms = own->time_ms,
		.limit = evtimer_new(session_base(e->session), on_limit, run),
		.ended = own->ended,
		.arg = own->arg,
	};
	errno = ENOMEM;
	if (run->limit != NULL && start(run, &program))
		return true;
	error = errno;
	free_run(run);
	errno = error;
	return false;
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
		.input = -1,
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

static size_t
room_in_queue(const struct sideruns *e)
{
	return SIDERUNS_WAITING_MAX - e->waiting - e->kept;
}

/* What has descriptors of its maker's cannot be kept. */
static bool
may_queue(const struct sideruns *e, const struct sp_siderun *siderun,
    const struct sp_program *program)
{
	return siderun->may_wait && !e->takes_no_more && room_in_queue(e) > 0 &&
	    program->terminal < 0 && program->folder == 0;
}

static bool
enqueue(struct sp_run *run, const struct sp_program *program)
{
	run->program = programcopy_new(program);
	errno = ENOMEM;
	if (run->program == NULL)
		return false;
	TAILQ_INSERT_TAIL(&run->sideruns->queue, run, link);
	run->sideruns->waiting++;
	return true;
}

struct sp_run *
sp_chan_run(struct sp_chan *chan, const struct sp_siderun *asked)
{
	const struct sp_siderun siderun = read_siderun(asked);
	struct sideruns *e = session_sideruns(chan->session);
	struct sp_program own;
	struct sp_limits limits;
	struct sp_run *run;
	bool is_full;
	int error;

	program_read(siderun.program, &own, &limits);
	program_tighten(
	    &limits, &session_given(chan->session)->profile->limits);
	own.limits = &limits;
	if (limits.time_ms == 0 || siderun.event == NULL ||
	    siderun.path == NULL) {
		errno = EINVAL;
		return NULL;
	}
	is_full = e->count >= SIDERUNS_MAX;
	if (is_full && !may_queue(e, &siderun, &own)) {
		errno = EAGAIN;
		return NULL;
	}
	run = make_run(chan, &siderun);
	if (run == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	run->time_ms = limits.time_ms;
	if (is_full ? enqueue(run, &own) : start(run, &own))
		return run;
	error = errno;
	free_run(run);
	errno = error;
	return NULL;
}

bool
sp_chan_keep_places(struct sp_chan *chan, size_t count)
{
	struct sideruns *e = session_sideruns(chan->session);

	if (count > room_in_queue(e))
		return false;
	e->kept += count;
	return true;
}

void
sp_chan_give_back_places(struct sp_chan *chan, size_t count)
{
	struct sideruns *e = session_sideruns(chan->session);

	assert(count <= e->kept);
	e->kept -= count;
}

void
sp_run_leave(struct sp_run *run, bool is_wanted)
{
	run->ended = NULL;
	if (is_wanted)
		return;
	run->was_left = true;
	if (run->pid == 0) {
		leave_queue(run);
		fail(run, ECANCELED);
		return;
	}
	tell_to_end(run);
	if (!wait_for(run, grace_of(run)))
		kill(-run->pid, SIGKILL);
}
