/* Log sockets, and who may have spoken on each. */
#include "daemon/supervisor/logsource.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Records taken from one source before the others have their turn. */
enum { RECORDS_A_TURN = 64 };

struct logsource {
	struct logsource_sink *sink;
	struct line_origin origin;
	int socket;
	struct event *readable;
	bool is_over; /* freed by the next sweep, outside its callback */
	LIST_ENTRY(logsource) link;
};

static uint8_t room[IPC_ROOM];

static void
close_source(struct logsource *source)
{
	LIST_REMOVE(source, link);
	if (source->readable != NULL)
		event_free(source->readable);
	close(source->socket);
	free(source);
}

/*
 * The kernel says who sent it. A login's children have its uid until they
 * become a user; a session of the daemon's own user cannot be told from
 * them, and is believed as they are.
 */
static void
take_record(struct logsource *source, const struct ipc_message *message)
{
	struct line_origin origin = source->origin;
	unsigned roles = origin.role;

	if (message->pid > 0)
		origin.pid = message->pid;
	if (origin.role == IPC_ROLE_LOGIN && message->uid != geteuid()) {
		origin.role = IPC_ROLE_SESSION;
		roles = IPC_ROLE_SESSION;
	} else if (origin.role == IPC_ROLE_LOGIN) {
		roles = IPC_ROLE_LOGIN | IPC_ROLE_SESSION;
	}
	journal_take(source->sink->journal, &origin, roles, message->body);
}

/* False when nobody can send any more. */
static bool
take_records(struct logsource *source, int most)
{
	struct ipc_message message;
	enum sp_status status = SP_OK;

	while (most-- > 0 && status == SP_OK) {
		status = ipc_receive(source->socket, source->origin.role,
		    IPC_ROLE_SUPERVISOR, room, &message);
		if (status == SP_OK && message.type == IPC_LOG)
			take_record(source, &message);
		else if (status == SP_OK)
			ipc_close_fds(&message);
		else if (status == SP_ERR_UNEXPECTED_MESSAGE)
			/* Its other senders have done nothing wrong. */
			status = SP_OK;
	}
	return status == SP_OK || status == SP_ERR_AGAIN;
}

static void
take_turn(struct logsource *source, int most)
{
	if (source->is_over || take_records(source, most))
		return;
	event_del(source->readable);
	source->is_over = true;
}

static void
on_readable(int socket, short what, void *arg)
{
	(void)socket;
	(void)what;
	take_turn(arg, RECORDS_A_TURN);
}

static void
sweep(struct logsource_sink *sink)
{
	struct logsource *source, *next;

	for (source = LIST_FIRST(&sink->sources); source != NULL;
	     source = next) {
		next = LIST_NEXT(source, link);
		if (source->is_over)
			close_source(source);
	}
}

struct logsource *
logsource_open(
    struct logsource_sink *sink, const struct line_origin *origin, int *end)
{
	struct logsource *source = calloc(1, sizeof *source);
	const int on = 1;
	int pair[2];

	sweep(sink);
	if (source == NULL || !ipc_pair(pair)) {
		free(source);
		return NULL;
	}
	*source = (struct logsource){
		.sink = sink, .origin = *origin, .socket = pair[0]
	};
	LIST_INSERT_HEAD(&sink->sources, source, link);
	source->readable = event_new(sink->base, source->socket,
	    EV_READ | EV_PERSIST, on_readable, source);
	if (source->readable == NULL ||
	    event_add(source->readable, NULL) != 0 ||
	    setsockopt(
		source->socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
	    shutdown(pair[0], SHUT_WR) != 0) {
		close_source(source);
		close(pair[1]);
		return NULL;
	}
	*end = pair[1];
	return source;
}

void
logsource_set_pid(struct logsource *source, pid_t pid)
{
	source->origin.pid = pid;
}

void
logsource_drain(struct logsource_sink *sink)
{
	struct logsource *source;

	/* Bounded: a sender may be faster than we are. */
	LIST_FOREACH(source, &sink->sources, link)
	take_turn(source, 1024);
}

void
logsource_close_all(struct logsource_sink *sink)
{
	while (!LIST_EMPTY(&sink->sources))
		close_source(LIST_FIRST(&sink->sources));
}
