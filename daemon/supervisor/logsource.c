/* Log sockets: who may say what on each, and how much. */
#include "daemon/supervisor/logsource.h"

#include "daemon/log/log.h"
#include "daemon/supervisor/allowance.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Records taken from one source before the others have their turn. */
	RECORDS_A_TURN = 64,
	/* The same at the end of a sender, who may be faster than we are. */
	RECORDS_AT_LAST = 1024,
	/*
	 * A session that goes on talking is heard so often: to be woken for
	 * each line costs more than the line does, the session as well. Who
	 * had much to say is heard at once, lest it finds no room.
	 */
	PAUSE_MS = 2,
	RECORDS_OF_MANY = 16,
};

struct logsource {
	struct logsource_sink *sink;
	struct line_origin origin;
	int socket;
	struct event *readable;
	struct event *rested; /* of a session that said too much */
	struct allowance allowance;
	bool is_resting;
	uint64_t heard_at; /* ms; when it last had a turn */
	bool is_over; /* freed by the sweeper, outside its callback */
	LIST_ENTRY(logsource) link;
};

static uint8_t room[IPC_ROOM];

static struct logsource *
add_source(struct logsource_sink *, const struct line_origin *, int socket);

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool
is_session(const struct logsource *source)
{
	return source->origin.role == IPC_ROLE_SESSION;
}

static void
close_source(struct logsource *source)
{
	LIST_REMOVE(source, link);
	if (is_session(source))
		source->sink->sessions--;
	if (source->readable != NULL)
		event_free(source->readable);
	if (source->rested != NULL)
		event_free(source->rested);
	close(source->socket);
	free(source);
}

static void
sweep(evutil_socket_t socket, short what, void *arg)
{
	struct logsource_sink *sink = arg;
	struct logsource *source, *next;

	(void)socket;
	(void)what;
	for (source = LIST_FIRST(&sink->sources); source != NULL;
	     source = next) {
		next = LIST_NEXT(source, link);
		if (source->is_over)
			close_source(source);
	}
}

/* ---- what is said ---- */

/*
 * A session is known by its socket, all others by what the kernel says of
 * the sender. Who has a login's socket and another uid is nobody who may
 * speak.
 */
static void
take_record(struct logsource *source, const struct ipc_message *message)
{
	struct line_origin origin = source->origin;
	unsigned roles = origin.role;

	if (!is_session(source) && message->pid > 0)
		origin.pid = message->pid;
	if (origin.role == IPC_ROLE_LOGIN && message->uid != geteuid())
		roles = 0;
	journal_take(source->sink->journal, &origin, roles, message->body);
}

static void
log_unheard(pid_t pid, const char *reason)
{
	log_event(EVENT_SESSION_UNHEARD,
	    LOG_FIELDS(log_number(FIELD_PROCESS, (uint64_t)pid),
		log_text(FIELD_REASON, reason),
		log_text(FIELD_REMEDY, "allow more open files")));
}

/* A login is about to become a session, which has a socket of its own. */
static void
take_session(const struct logsource *login, struct ipc_message *message)
{
	struct logsource_sink *sink = login->sink;
	const struct line_origin origin = {
		.role = IPC_ROLE_SESSION,
		.pid = message->pid,
		.id = login->origin.id,
	};

	if (message->uid != geteuid()) {
		ipc_close_fds(message);
	} else if (sink->sessions >= sink->sessions_max) {
		ipc_close_fds(message);
		log_unheard(message->pid, "too many sessions");
	} else if (add_source(sink, &origin, message->fds[0]) == NULL) {
		log_unheard(message->pid, strerror(errno));
	}
}

static void
take_message(struct logsource *source, struct ipc_message *message)
{
	if (message->type == IPC_LOG)
		take_record(source, message);
	else if (message->type == IPC_SESSION_LOG)
		take_session(source, message);
	else
		ipc_close_fds(message);
}

/* What a session has said is charged to it; it may have to rest then. */
static void
charge(struct logsource *source, size_t bytes)
{
	struct timeval rest = { 0, 0 };
	uint64_t wait;

	if (!is_session(source))
		return;
	wait = allowance_spend(&source->allowance, bytes, now_ms());
	if (wait == 0)
		return;
	rest.tv_sec = (time_t)(wait / 1000);
	rest.tv_usec = (suseconds_t)(wait % 1000) * 1000;
	/* Who cannot be woken later is heard on. */
	if (event_add(source->rested, &rest) != 0)
		return;
	source->is_resting = true;
	event_del(source->readable);
}

/* The number of records it had to say. */
static int
take_turn(struct logsource *source, int most)
{
	enum sp_status status = SP_OK;
	int count = 0;

	for (; count < most && status == SP_OK && !source->is_resting;
	     count++) {
		struct ipc_message message = { .type = IPC_NONE };

		status = ipc_receive(source->socket, source->origin.role,
		    IPC_ROLE_SUPERVISOR, room, &message);
		if (status == SP_OK)
			take_message(source, &message);
		else if (status == SP_ERR_DESCRIPTORS)
			log_unheard(message.pid, sp_status_text(status));
		else if (status != SP_ERR_UNEXPECTED_MESSAGE)
			break;
		/* Its other senders have done nothing wrong. */
		status = SP_OK;
		charge(source, message.body.len);
	}
	if (status == SP_OK || status == SP_ERR_AGAIN)
		return count;
	/* Nobody can send any more. */
	event_del(source->readable);
	source->is_over = true;
	event_active(source->sink->sweeper, EV_TIMEOUT, 1);
	return count;
}

/* Whether it had something to say twice within a pause, and not too much. */
static bool
is_talkative(struct logsource *source, int count)
{
	uint64_t before = source->heard_at;

	if (!is_session(source) || count == 0)
		return false;
	source->heard_at = now_ms();
	return source->heard_at - before <= PAUSE_MS * 2 &&
	    count < RECORDS_OF_MANY;
}

static void
hear(struct logsource *source)
{
	static const struct timeval pause = { .tv_usec = PAUSE_MS * 1000 };
	int count = take_turn(source, RECORDS_A_TURN);

	if (source->is_resting || source->is_over)
		return;
	if (is_talkative(source, count) &&
	    event_add(source->rested, &pause) == 0)
		event_del(source->readable);
	else
		event_add(source->readable, NULL);
}

static void
on_readable(evutil_socket_t socket, short what, void *arg)
{
	(void)socket;
	(void)what;
	hear(arg);
}

static void
on_rested(evutil_socket_t socket, short what, void *arg)
{
	struct logsource *source = arg;

	(void)socket;
	(void)what;
	source->is_resting = false;
	hear(source);
}

/* ---- beginning and end ---- */

/* Takes the socket, in any case. */
static struct logsource *
add_source(
    struct logsource_sink *sink, const struct line_origin *origin, int socket)
{
	struct logsource *source = calloc(1, sizeof *source);
	const int on = 1;

	if (source == NULL) {
		close(socket);
		errno = ENOMEM;
		return NULL;
	}
	*source = (struct logsource){
		.sink = sink, .origin = *origin, .socket = socket
	};
	LIST_INSERT_HEAD(&sink->sources, source, link);
	if (is_session(source)) {
		sink->sessions++;
		source->rested = evtimer_new(sink->base, on_rested, source);
	}
	source->readable = event_new(
	    sink->base, socket, EV_READ | EV_PERSIST, on_readable, source);
	/* A session's records are its socket's, whoever sends them. */
	if (source->readable == NULL ||
	    event_add(source->readable, NULL) != 0 ||
	    (is_session(source) ? source->rested == NULL
				: setsockopt(socket, SOL_SOCKET, SO_PASSCRED,
				      &on, sizeof on) != 0) ||
	    shutdown(socket, SHUT_WR) != 0) {
		close_source(source);
		return NULL;
	}
	return source;
}

struct logsource *
logsource_open(
    struct logsource_sink *sink, const struct line_origin *origin, int *end)
{
	struct logsource *source;
	int pair[2];

	if (sink->sweeper == NULL)
		sink->sweeper = event_new(sink->base, -1, 0, sweep, sink);
	if (sink->sweeper == NULL || !ipc_pair(pair))
		return NULL;
	source = add_source(sink, origin, pair[0]);
	if (source == NULL)
		close(pair[1]);
	else
		*end = pair[1];
	return source;
}

void
logsource_set_pid(struct logsource *source, pid_t pid)
{
	source->origin.pid = pid;
}

void
logsource_drain(struct logsource_sink *sink, pid_t pid)
{
	struct logsource *source, *next;

	/* Whoever comes up meanwhile stands before the first. */
	for (source = LIST_FIRST(&sink->sources); source != NULL;
	     source = next) {
		next = LIST_NEXT(source, link);
		if (!source->is_over && (pid == 0 || source->origin.pid == pid))
			take_turn(source, RECORDS_AT_LAST);
	}
}

void
logsource_close_all(struct logsource_sink *sink)
{
	while (!LIST_EMPTY(&sink->sources))
		close_source(LIST_FIRST(&sink->sources));
	if (sink->sweeper != NULL)
		event_free(sink->sweeper);
	sink->sweeper = NULL;
}
