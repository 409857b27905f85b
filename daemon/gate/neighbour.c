/* The line of messages to a neighbour, and what comes from it. */
#include "daemon/gate/neighbour.h"

#include "daemon/log/log.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A full queue is tried again after this time, not when the socket is
 * writable: that it is also while too many descriptors are in flight.
 */
enum { NEIGHBOUR_RETRY_MS = 2 };

struct neighbour {
	struct event_base *base;
	enum ipc_role role;
	const struct neighbour_owner *owner;
	void *arg;
	int socket; /* -1: between two generations */
	uint64_t losses;
	struct event readable;
	struct event retry;
	TAILQ_HEAD(, errand) line;
};

/* One message is handled at a time. */
static uint8_t room[IPC_ROOM];

static void on_readable(evutil_socket_t, short, void *);
static void on_retry(evutil_socket_t, short, void *);

struct neighbour *
neighbour_new(struct event_base *base, enum ipc_role role,
    const struct neighbour_owner *owner, void *arg)
{
	struct neighbour *n = calloc(1, sizeof *n);

	if (n == NULL)
		return NULL;
	n->base = base;
	n->role = role;
	n->owner = owner;
	n->arg = arg;
	n->socket = -1;
	TAILQ_INIT(&n->line);
	event_assign(&n->retry, base, -1, 0, on_retry, n);
	return n;
}

static void
close_socket(struct neighbour *n)
{
	if (n->socket < 0)
		return;
	event_del(&n->readable);
	event_del(&n->retry);
	close(n->socket);
	n->socket = -1;
	n->losses++;
}

void
neighbour_free(struct neighbour *n)
{
	if (n == NULL)
		return;
	close_socket(n);
	free(n);
}

uint64_t
neighbour_losses(const struct neighbour *n)
{
	return n->losses;
}

/* Sends those in line, until one must wait. */
static void
send_line(struct neighbour *n)
{
	static const struct timeval wait = { .tv_usec =
						 NEIGHBOUR_RETRY_MS * 1000 };
	struct errand *errand;

	while (n->socket >= 0 && (errand = TAILQ_FIRST(&n->line)) != NULL) {
		enum sp_status status;

		neighbour_cancel(n, errand);
		status = errand->send(errand, n->socket);
		if (status != SP_ERR_AGAIN && status != SP_ERR_EOF)
			continue;
		errand->is_waiting = true;
		TAILQ_INSERT_HEAD(&n->line, errand, link);
		if (status == SP_ERR_EOF)
			close_socket(n);
		else
			event_add(&n->retry, &wait);
		return;
	}
}

void
neighbour_send(struct neighbour *n, struct errand *errand)
{
	bool is_first = TAILQ_EMPTY(&n->line);

	if (errand->is_waiting)
		return;
	errand->is_waiting = true;
	TAILQ_INSERT_TAIL(&n->line, errand, link);
	if (is_first)
		send_line(n);
}

void
neighbour_cancel(struct neighbour *n, struct errand *errand)
{
	if (!errand->is_waiting)
		return;
	errand->is_waiting = false;
	TAILQ_REMOVE(&n->line, errand, link);
}

void
neighbour_replace(struct neighbour *n, int socket)
{
	close_socket(n);
	n->socket = socket;
	event_assign(&n->readable, n->base, socket, EV_READ | EV_PERSIST,
	    on_readable, n);
	event_add(&n->readable, NULL);
	send_line(n);
}

void
neighbour_hang_up(struct neighbour *n, const char *reason)
{
	log_event(EVENT_PEER_REFUSED,
	    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(n->role)),
		log_text(FIELD_REASON, reason)));
	close_socket(n);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	send_line(arg);
}

/* At its end nothing is said: the supervisor knows, and sends another. */
static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct neighbour *n = arg;
	struct ipc_message message;
	enum sp_status status =
	    ipc_receive(n->socket, n->role, IPC_ROLE_GATE, room, &message);

	(void)fd;
	(void)what;
	if (status == SP_OK)
		n->owner->message(n->arg, &message);
	else if (status == SP_ERR_EOF)
		close_socket(n);
	else if (status != SP_ERR_AGAIN)
		neighbour_hang_up(n, sp_status_text(status));
}
