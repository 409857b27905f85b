/* What waits to be sent to a neighbour, and what comes from it. */
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

/* Where who waits does so: what is quick, and what is slow. */
enum { QUICK, SLOW, LANES };

struct neighbour {
	struct event_base *base;
	enum ipc_role role;
	const struct neighbour_owner *owner;
	void *arg;
	int socket; /* -1: between two generations */
	uint64_t losses;
	struct event readable;
	struct event retry;
	struct rota *waiting[LANES];
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
	for (size_t i = 0; i < LANES; i++)
		n->waiting[i] = rota_new();
	if (n->waiting[QUICK] == NULL || n->waiting[SLOW] == NULL) {
		neighbour_free(n);
		return NULL;
	}
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
	for (size_t i = 0; i < LANES; i++)
		rota_free(n->waiting[i]);
	free(n);
}

bool
neighbour_is_there(const struct neighbour *n)
{
	return n->socket >= 0;
}

uint64_t
neighbour_losses(const struct neighbour *n)
{
	return n->losses;
}

enum errand_outcome
neighbour_outcome(enum sp_status status)
{
	if (status == SP_ERR_AGAIN)
		return ERRAND_AGAIN;
	return status == SP_ERR_EOF ? ERRAND_UNHEARD : ERRAND_DONE;
}

static struct rota *
lane_of(struct neighbour *n, const struct errand *errand)
{
	return n->waiting[errand->is_slow ? SLOW : QUICK];
}

/* Sends those who wait there, until one must wait longer. */
static void
send_lane(struct neighbour *n, struct rota *lane)
{
	static const struct timeval wait = { .tv_usec =
						 NEIGHBOUR_RETRY_MS * 1000 };
	struct rota_entry *next;

	while (n->socket >= 0 && (next = rota_next(lane)) != NULL) {
		struct errand *errand = (struct errand *)((char *)next -
		    offsetof(struct errand, place));
		enum errand_outcome outcome = errand->send(errand, n->socket);

		if (outcome == ERRAND_DONE)
			continue;
		rota_put_back(lane, next);
		if (outcome == ERRAND_UNHEARD)
			close_socket(n);
		else if (outcome == ERRAND_AGAIN)
			event_add(&n->retry, &wait);
		return;
	}
}

static void
send_waiting(struct neighbour *n)
{
	for (size_t i = 0; i < LANES; i++)
		send_lane(n, n->waiting[i]);
}

void
neighbour_send(struct neighbour *n, struct errand *errand)
{
	struct rota *lane = lane_of(n, errand);
	bool is_first = rota_is_empty(lane);

	rota_add(lane, &errand->place);
	if (is_first)
		send_lane(n, lane);
}

void
neighbour_tell(struct neighbour *n, enum ipc_type type, struct sp_view body)
{
	if (n->socket >= 0 &&
	    ipc_send(n->socket, type, body, NULL, 0) == SP_ERR_EOF)
		close_socket(n);
}

void
neighbour_go_on(struct neighbour *n)
{
	send_waiting(n);
}

void
neighbour_cancel(struct neighbour *n, struct errand *errand)
{
	rota_remove(lane_of(n, errand), &errand->place);
}

void
neighbour_replace(struct neighbour *n, int socket)
{
	close_socket(n);
	n->socket = socket;
	event_assign(&n->readable, n->base, socket, EV_READ | EV_PERSIST,
	    on_readable, n);
	event_add(&n->readable, NULL);
	send_waiting(n);
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
	send_waiting(arg);
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
