/* Those who were accepted: waiting to be sent on, or on their leash. */
#include "daemon/gate/porter.h"

#include "daemon/gate/farewell.h"
#include "daemon/gate/gate.h"
#include "daemon/gate/rota.h"
#include "daemon/ipc/control.h"
#include "lib/pump/pump.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PORTER_RETRY_MS = 2, /* while the supervisor's queue is full */
	/* About what a process takes to start, and its key exchange. */
	PORTER_COST_US = 20000,
};

/* What a gate says on its leash, in this order. */
enum { NOTHING_YET, HERE, OUTCOME };

struct porter {
	struct gate *gate;
	struct rota *waiting;
	struct event retry;
};

struct caller {
	struct porter *porter;
	struct crowd_member place;
	struct rota_entry turn;
	struct arrival came;
	uint64_t number;
	int socket; /* -1 once he was sent on */
	int leash; /* -1 before */
	unsigned words; /* that his gate said there */
	struct event event; /* of his source's rest, then of the leash */
};

static void on_rested(evutil_socket_t, short, void *);
static void on_retry(evutil_socket_t, short, void *);
static void on_leash(evutil_socket_t, short, void *);

struct porter *
porter_new(struct gate *gate)
{
	struct porter *porter = calloc(1, sizeof *porter);

	if (porter == NULL)
		return NULL;
	porter->gate = gate;
	porter->waiting = rota_new();
	if (porter->waiting == NULL) {
		free(porter);
		return NULL;
	}
	event_assign(&porter->retry, gate->base, -1, 0, on_retry, porter);
	return porter;
}

static void
caller_free(struct caller *c)
{
	struct gate *gate = c->porter->gate;

	event_del(&c->event);
	rota_remove(c->porter->waiting, &c->turn);
	crowd_leave(gate->crowd, &c->place);
	if (c->socket >= 0)
		close(c->socket);
	if (c->leash >= 0)
		close(c->leash);
	free(c);
	gate_stranger_left(gate);
}

static struct farewell
farewell_of(const struct caller *c)
{
	return (
	    struct farewell){ .connection = c->number, .peer = c->came.peer };
}

/* ---- sending on ---- */

static enum sp_status
send_connection(struct caller *c)
{
	const struct control_connection connection = {
		.number = c->number,
		.listener = view_of_string(c->came.listener),
		.claim = c->came.claim,
	};
	struct buffer body;
	enum sp_status status;
	int leash[2];

	if (!ipc_pair(leash))
		return SP_ERR_AGAIN;
	buffer_init(&body, 512);
	status = control_connection_encode(&connection, &body);
	if (status == SP_OK)
		status =
		    ipc_send(IPC_FD_CONTROL, IPC_CONNECTION, buffer_view(&body),
			(const int[]){ c->socket, leash[1] }, 2);
	buffer_clear(&body);
	close(leash[1]);
	if (status == SP_OK)
		c->leash = leash[0];
	else
		close(leash[0]);
	return status;
}

/* From here on the connection is another's. */
static void
let_go(struct caller *c)
{
	close(c->socket);
	c->socket = -1;
	event_assign(&c->event, c->porter->gate->base, c->leash,
	    EV_READ | EV_PERSIST, on_leash, c);
	event_add(&c->event, NULL);
}

static void
send_waiting(struct porter *porter)
{
	static const struct timeval wait = { .tv_usec =
						 PORTER_RETRY_MS * 1000 };
	struct rota_entry *next;

	while ((next = rota_next(porter->waiting)) != NULL) {
		struct caller *c = (struct caller *)((char *)next -
		    offsetof(struct caller, turn));
		const struct farewell farewell = farewell_of(c);
		enum sp_status status = send_connection(c);

		if (status == SP_ERR_AGAIN) {
			rota_put_back(porter->waiting, next);
			event_add(&porter->retry, &wait);
			return;
		}
		if (status == SP_OK) {
			let_go(c);
		} else {
			farewell_failed(&farewell, sp_status_text(status));
			caller_free(c);
		}
	}
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	send_waiting(arg);
}

/* A source that wants many processes waits before it has the next. */
static void
queue(struct caller *c)
{
	struct porter *porter = c->porter;
	uint64_t wait = budget_take(porter->gate->budget, &c->came.peer.address,
	    PORTER_COST_US, pump_now());
	const struct timeval time = {
		.tv_sec = (time_t)(wait / 1000),
		.tv_usec = (suseconds_t)(wait % 1000 * 1000),
	};

	if (wait > 0) {
		event_add(&c->event, &time);
		return;
	}
	rota_add(porter->waiting, &c->turn);
	send_waiting(porter);
}

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	queue(arg);
}

void
porter_welcome(struct porter *porter, int socket, const struct arrival *arrival)
{
	struct gate *gate = porter->gate;
	struct caller *c = calloc(1, sizeof *c);
	struct farewell farewell;

	if (c == NULL) {
		close(socket);
		return;
	}
	*c = (struct caller){
		.porter = porter,
		.turn.source = arrival->peer.address,
		.came = *arrival,
		.number = ++gate->connections,
		.socket = socket,
		.leash = -1,
	};
	event_assign(&c->event, gate->base, -1, 0, on_rested, c);
	if (crowd_join(gate->crowd, &arrival->peer.address, &c->place) ==
	    SP_OK) {
		queue(c);
		return;
	}
	farewell = farewell_of(c);
	farewell_refused(&farewell, "too many connections of its source");
	close(socket);
	free(c);
}

/* ---- the leash ---- */

static uint8_t room[IPC_ROOM];

/* A proxy's own is no stranger's. */
static void
tell(const struct caller *c, enum conduct_kind kind)
{
	if (!c->came.is_spared)
		doorman_tell(
		    c->porter->gate->doorman, kind, &c->came.peer.address);
}

/* A gate can accuse nobody but its own stranger, and of these two alone. */
static void
hear(struct caller *c, const struct ipc_message *message)
{
	unsigned kind =
	    message->body.len == 1 ? message->body.data[0] : CONDUCT_NONE;

	c->words++;
	if (c->words == OUTCOME &&
	    (kind == CONDUCT_NOAUTH || kind == CONDUCT_GRACE_EXCEEDED))
		tell(c, (enum conduct_kind)kind);
}

/*
 * It ends with the gate at its other end: without the second word by a
 * crash, which he may well have caused.
 */
static void
on_leash(evutil_socket_t fd, short what, void *arg)
{
	struct caller *c = arg;
	struct ipc_message message;
	enum sp_status status =
	    ipc_receive(fd, IPC_ROLE_GATE, IPC_ROLE_GATE, room, &message);

	(void)what;
	if (status == SP_ERR_AGAIN)
		return;
	if (status == SP_OK && message.type == IPC_OUTCOME) {
		hear(c, &message);
		return;
	}
	if (status == SP_OK)
		ipc_close_fds(&message);
	if (c->words == HERE)
		tell(c, CONDUCT_CRASH);
	caller_free(c);
}

/* Who was sent on is told by his gate, which writes the line as well. */
void
porter_remove(struct crowd_member *place, enum crowd_reason reason)
{
	struct caller *c =
	    (struct caller *)((char *)place - offsetof(struct caller, place));
	const struct farewell farewell = farewell_of(c);
	const uint8_t body = (uint8_t)reason;

	/* It is let off the leash when it has said how that ended. */
	if (c->leash >= 0) {
		if (ipc_send(c->leash, IPC_DISMISS, view_of(&body, 1), NULL,
			0) == SP_OK)
			return;
		farewell_failed(&farewell, "its gate takes no orders");
	}
	if (c->leash < 0 && reason == CROWD_TIME_IS_UP)
		farewell_timed_out(&farewell);
	else if (c->leash < 0)
		farewell_refused(&farewell, "too many connections");
	caller_free(c);
}
