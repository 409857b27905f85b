/* Accepting, and pausing where the system has no more to give. */
#include "daemon/gate/acceptor.h"

#include "daemon/config/entrance.h"
#include "daemon/gate/doorman.h"
#include "daemon/gate/farewell.h"
#include "daemon/gate/gate.h"
#include "daemon/gate/introduction.h"
#include "daemon/gate/porter.h"
#include "daemon/gate/stranger.h"
#include "daemon/log/log.h"
#include "lib/pump/pump.h"
#include "lib/wire/view.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPTORS_MAX = SETTINGS_LISTENERS_MAX,
	ACCEPTOR_NAME_SIZE = 256,
	ACCEPTOR_BURST = 32, /* accepted before others have their turn */
	ACCEPTOR_PAUSE_MS = 200,
	ACCEPTOR_TELL_MS = 60000, /* between two lines about it */
};

struct acceptor {
	struct acceptors *all;
	int socket; /* -1: closed */
	struct event readable;
	const struct listener_settings *listener;
	char name[ACCEPTOR_NAME_SIZE];
};

struct acceptors {
	struct gate *gate;
	struct introductions *introductions;
	struct event pause;
	uint64_t told_at; /* ms; 0: never */
	bool is_open;
	bool is_closed;
	size_t count;
	struct acceptor *each[ACCEPTORS_MAX];
};

static void on_connection(evutil_socket_t, short, void *);
static void on_pause_over(evutil_socket_t, short, void *);
static bool on_introduced(struct gate *, int, const struct arrival *);

struct acceptors *
acceptors_new(struct gate *gate)
{
	struct acceptors *all = calloc(1, sizeof *all);

	if (all == NULL)
		return NULL;
	all->gate = gate;
	all->introductions = introductions_new(gate, on_introduced);
	if (all->introductions == NULL) {
		free(all);
		return NULL;
	}
	event_assign(&all->pause, gate->base, -1, 0, on_pause_over, all);
	return all;
}

void
acceptors_free(struct acceptors *all)
{
	if (all == NULL)
		return;
	acceptors_close(all);
	for (size_t i = 0; i < all->count; i++)
		free(all->each[i]);
	introductions_free(all->introductions);
	free(all);
}

bool
acceptors_add(struct acceptors *all, int socket, struct sp_view name)
{
	struct acceptor *a;

	if (all->count == ACCEPTORS_MAX || all->is_closed)
		return false;
	a = calloc(1, sizeof *a);
	if (a == NULL || !view_to_string(name, a->name, sizeof a->name)) {
		free(a);
		return false;
	}
	/* Without settings nobody knows who may come in by it. */
	a->listener = entrance_named(&all->gate->settings.listen, name);
	if (a->listener == NULL) {
		free(a);
		return false;
	}
	a->all = all;
	a->socket = socket;
	event_assign(&a->readable, all->gate->base, socket,
	    EV_READ | EV_PERSIST, on_connection, a);
	all->each[all->count++] = a;
	if (all->is_open)
		event_add(&a->readable, NULL);
	return true;
}

static void
listen_all(struct acceptors *all)
{
	for (size_t i = 0; i < all->count; i++) {
		if (all->each[i]->socket >= 0)
			event_add(&all->each[i]->readable, NULL);
	}
}

void
acceptors_open(struct acceptors *all)
{
	if (all->is_open || all->is_closed)
		return;
	all->is_open = true;
	listen_all(all);
}

void
acceptors_close(struct acceptors *all)
{
	all->is_closed = true;
	event_del(&all->pause);
	for (size_t i = 0; i < all->count; i++) {
		if (all->each[i]->socket < 0)
			continue;
		event_del(&all->each[i]->readable);
		close(all->each[i]->socket);
		all->each[i]->socket = -1;
	}
}

static void
log_pause(struct acceptors *all, int error)
{
	uint64_t now = pump_now();

	if (all->told_at != 0 && now < all->told_at + ACCEPTOR_TELL_MS)
		return;
	all->told_at = now;
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(log_text(FIELD_ROLE, "gate"),
		log_text(FIELD_REASON, strerror(error)),
		log_text(FIELD_REMEDY,
		    "raise the limit of open files, or lower max_waiting")));
}

/*
 * Without descriptors or memory, or between two keyholders, or ledgers, a connection
 * stays in the queue, and the socket readable: looking again at once would
 * be a loop. An error is told.
 */
static void
pause_all(struct acceptors *all, int error)
{
	static const struct timeval wait = { .tv_usec =
						 ACCEPTOR_PAUSE_MS * 1000 };

	for (size_t i = 0; i < all->count; i++)
		event_del(&all->each[i]->readable);
	event_add(&all->pause, &wait);
	if (error != 0)
		log_pause(all, error);
}

/* A porter needs no keyholder itself; all need somebody who counts. */
static bool
can_serve(const struct gate *gate)
{
	return doorman_is_there(gate->doorman) &&
	    (gate->porter != NULL || notary_is_there(gate->notary));
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	listen_all(arg);
}

/*
 * Small packets leave at once; a peer that vanished is found in the end.
 * Where an option cannot be set the connection works without it.
 */
static void
set_options(int socket)
{
	const int on = 1;

	setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

/* False for who owes too much, and was told so. */
static bool
is_let_in(struct gate *gate, int socket, const struct cidr_endpoint *peer)
{
	const char *reason =
	    doorman_refusal(gate->doorman, &peer->address, pump_now());
	const struct farewell farewell = {
		.connection = gate->connections + 1,
		.peer = *peer,
	};

	if (reason == NULL)
		return true;
	gate->connections++;
	farewell_refused(&farewell, reason);
	doorman_turn_away(socket);
	return false;
}

/* His address is known, whoever told it. */
static void
let_in(struct gate *gate, int socket, const struct arrival *arrival)
{
	if (!arrival->is_spared && !is_let_in(gate, socket, &arrival->peer))
		close(socket);
	else if (gate->porter != NULL)
		porter_welcome(gate->porter, socket, arrival);
	else
		stranger_welcome(gate, socket, arrival);
}

static bool
on_introduced(struct gate *gate, int socket, const struct arrival *arrival)
{
	if (!can_serve(gate))
		return false;
	let_in(gate, socket, arrival);
	return true;
}

/* Who could say for whom he comes, and may not. */
static void
turn_away(struct gate *gate, int socket, const struct cidr_endpoint *peer)
{
	const struct farewell farewell = {
		.connection = ++gate->connections,
		.peer = *peer,
	};

	farewell_refused(&farewell, "not in proxy_from of its listener");
	close(socket);
}

/* False when there is none to accept now. */
static bool
accept_one(struct acceptor *a)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	struct arrival arrival = { .listener = a->name };
	int socket = accept4(a->socket, (struct sockaddr *)&from, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (socket < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			pause_all(a->all, errno);
		/* What is left are a connection's own failures. */
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (!cidr_of_sockaddr((struct sockaddr *)&from, &arrival.peer)) {
		close(socket);
		return true;
	}
	set_options(socket);
	if (!a->listener->proxy)
		let_in(a->all->gate, socket, &arrival);
	else if (!entrance_trusts(a->listener, &arrival.peer.address))
		turn_away(a->all->gate, socket, &arrival.peer);
	else
		introductions_add(
		    a->all->introductions, socket, &arrival.peer, a->name);
	return true;
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct acceptor *a = arg;

	(void)fd;
	(void)what;
	if (!can_serve(a->all->gate))
		pause_all(a->all, 0);
	else
		for (int i = 0; i < ACCEPTOR_BURST && accept_one(a); i++)
			;
}
