/* Headers of proxies, read in pieces of which each is no more than theirs. */
#include "daemon/gate/introduction.h"

#include "daemon/gate/farewell.h"
#include "daemon/gate/gate.h"
#include "daemon/gate/proxyheader.h"
#include "lib/pump/pump.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

enum {
	/* Pieces taken before others have their turn; a line has some fifty. */
	INTRODUCTIONS_BURST = 64,
	INTRODUCTIONS_PAUSE_MS = 200, /* as acceptors pause */
};

struct newcomer {
	struct introductions *all;
	TAILQ_ENTRY(newcomer) younger;
	struct event readable;
	int socket;
	struct cidr_endpoint proxy;
	const char *listener;
	uint64_t until; /* ms, monotonic */
	size_t len;
	uint8_t got[PROXYHEADER_MAX];
};

struct introductions {
	struct gate *gate;
	introduction_done *done;
	TAILQ_HEAD(newcomers, newcomer) waiting; /* the oldest first */
};

static void on_readable(evutil_socket_t, short, void *);

struct introductions *
introductions_new(struct gate *gate, introduction_done *done)
{
	struct introductions *all = calloc(1, sizeof *all);

	if (all == NULL)
		return NULL;
	all->gate = gate;
	all->done = done;
	TAILQ_INIT(&all->waiting);
	return all;
}

/* Its socket is the caller's now. */
static int
take_out(struct newcomer *n)
{
	int socket = n->socket;

	event_del(&n->readable);
	TAILQ_REMOVE(&n->all->waiting, n, younger);
	n->all->gate->newcomers--;
	free(n);
	return socket;
}

void
introductions_free(struct introductions *all)
{
	if (all == NULL)
		return;
	while (!TAILQ_EMPTY(&all->waiting))
		close(take_out(TAILQ_FIRST(&all->waiting)));
	free(all);
}

static void
turn_away(struct newcomer *n, const char *reason)
{
	struct gate *gate = n->all->gate;
	const struct farewell farewell = {
		.connection = ++gate->connections,
		.peer = n->proxy,
	};

	farewell_refused(&farewell, reason);
	close(take_out(n));
	gate_stranger_left(gate);
}

static struct claim_endpoint
claim_of(const struct cidr_endpoint *endpoint)
{
	struct claim_endpoint claim = { .port = endpoint->port };

	memcpy(claim.address, endpoint->address.bytes, sizeof claim.address);
	return claim;
}

static void
wait_for_more(struct newcomer *n)
{
	uint64_t now = pump_now();
	uint64_t left = n->until > now ? n->until - now : 0;
	const struct timeval time = {
		.tv_sec = (time_t)(left / 1000),
		.tv_usec = (suseconds_t)(left % 1000 * 1000),
	};

	event_add(&n->readable, &time);
}

/* What can be read by now is his, and for who serves him. */
static void
pause_for(struct newcomer *n)
{
	static const struct timeval time = { .tv_usec = INTRODUCTIONS_PAUSE_MS *
		    1000 };

	event_assign(&n->readable, n->all->gate->base, -1, 0, on_readable, n);
	event_add(&n->readable, &time);
}

static void
introduce(struct newcomer *n, const struct proxyheader *header)
{
	struct introductions *all = n->all;
	struct gate *gate = all->gate;
	struct arrival arrival = {
		.listener = n->listener,
		.peer = n->proxy,
		.is_spared = true,
	};

	if (header != NULL) {
		arrival.peer = header->peer;
		arrival.claim = (struct claim){ true, claim_of(&header->peer),
			claim_of(&header->local) };
		/* Some check whether we are well in their own name. */
		arrival.is_spared =
		    cidr_is_equal(&header->peer.address, &n->proxy.address);
	}
	if (!all->done(gate, n->socket, &arrival)) {
		pause_for(n);
		return;
	}
	take_out(n);
	gate_stranger_left(gate);
}

/* False when there is no more to do now. */
static bool
take_piece(struct newcomer *n)
{
	struct proxyheader header;
	enum proxyheader_state state =
	    proxyheader_read(view_of(n->got, n->len), &header);
	ssize_t len;

	if (state != PROXYHEADER_SHORT) {
		if (state == PROXYHEADER_BAD)
			turn_away(n, header.problem);
		else
			introduce(
			    n, state == PROXYHEADER_TOLD ? &header : NULL);
		return false;
	}
	len = read(n->socket, n->got + n->len, header.more);
	if (len > 0) {
		n->len += (size_t)len;
		return true;
	}
	if (len < 0 && errno == EINTR)
		return true;
	if (len < 0 && errno == EAGAIN)
		wait_for_more(n);
	else
		turn_away(n, "its proxy left before its header");
	return false;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct newcomer *n = arg;

	(void)fd;
	(void)what;
	if (pump_now() >= n->until) {
		turn_away(n, "its proxy sent no whole header in time");
		return;
	}
	for (int i = 0; i < INTRODUCTIONS_BURST; i++)
		if (!take_piece(n))
			return;
	wait_for_more(n);
}

void
introductions_add(struct introductions *all, int socket,
    const struct cidr_endpoint *proxy, const char *listener)
{
	struct newcomer *n;

	if (all->gate->newcomers == INTRODUCTIONS_MAX)
		turn_away(TAILQ_FIRST(&all->waiting),
		    "too many connections without a header");
	n = calloc(1, sizeof *n);
	if (n == NULL) {
		close(socket);
		return;
	}
	n->all = all;
	n->socket = socket;
	n->proxy = *proxy;
	n->listener = listener;
	n->until = pump_now() + all->gate->settings.login_time;
	event_assign(
	    &n->readable, all->gate->base, socket, EV_READ, on_readable, n);
	TAILQ_INSERT_TAIL(&all->waiting, n, younger);
	all->gate->newcomers++;
	wait_for_more(n);
}
