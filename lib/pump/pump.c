/*
 * The pump. The socket is in epoll once, edge-triggered, for reading,
 * writing and hang-up together: nothing is ever re-armed, a hang-up is
 * noticed while a question keeps the pump from reading, and an error that
 * nobody waits for cannot make the loop spin.
 */
#include "lib/pump/pump.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	/* What one turn on the loop may do before others have theirs. */
	PUMP_READS = 4,
	PUMP_ROUNDS = 16,
	PUMP_EVENTS = 4096,

	PUMP_QUIET_MS = 1000, /* then the engine gives memory back */
	PUMP_LINGER_MS = 5000,
	PUMP_PARTING_MS = 1000, /* then for the peer to see them and go */
};

struct pump {
	struct event_base *base;
	struct sp_engine *engine;
	const struct pump_owner *owner;
	void *arg;
	struct event io;
	struct event timer;
	uint64_t timer_at; /* 0: not armed */
	uint64_t now; /* when the last turn began */
	uint64_t active_at; /* bytes last moved; 0: relaxed since */
	uint64_t heard_at; /* the peer's last bytes came */
	uint64_t linger; /* ms for the last bytes to leave */
	uint64_t linger_at; /* until when; 0: not closed yet */
	TAILQ_HEAD(, pump_waiter) waiters;
	size_t waiting;
	int socket;
	int error;
	int events; /* handed out in this turn */

	bool is_readable; /* by the last edge */
	bool is_unsure; /* whether behind what was read stands an error */
	bool is_writable;
	bool is_hung_up; /* the peer's FIN has come */
	bool is_ended; /* the engine knows that no more will come */
	bool is_broken; /* nothing can be sent any more */
	bool has_parted; /* our FIN has gone out behind the last bytes */
	bool wants_turn; /* stopped for fairness alone */
	bool is_running;
	bool is_freed; /* inside a callback: goes when it returns */
	bool is_over;
};

static void on_socket(evutil_socket_t, short, void *);
static void on_timer(evutil_socket_t, short, void *);
static void run(struct pump *, void (*work)(void *), void *);

uint64_t
pump_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct pump *
pump_new(struct event_base *base, int socket, struct sp_engine *engine,
    const struct pump_owner *owner, void *arg)
{
	struct pump *p;

	/* A loop that got no epoll, without descriptors or memory, is none. */
	if ((event_base_get_features(base) & EV_FEATURE_ET) == 0)
		return NULL;
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->base = base;
	p->engine = engine;
	p->owner = owner;
	p->arg = arg;
	p->socket = socket;
	p->linger = PUMP_LINGER_MS;
	p->is_writable = true;
	p->now = pump_now();
	p->active_at = p->now;
	p->heard_at = p->now;
	TAILQ_INIT(&p->waiters);
	event_assign(&p->timer, base, -1, 0, on_timer, p);
	event_assign(&p->io, base, socket,
	    EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_socket, p);
	if (event_add(&p->io, NULL) != 0) {
		free(p);
		return NULL;
	}
	return p;
}

void
pump_set_linger(struct pump *p, uint64_t ms)
{
	p->linger = ms;
}

/* Off the loop: a socket must leave epoll before it is closed or lent. */
static void
detach(struct pump *p)
{
	event_del(&p->io);
	event_del(&p->timer);
}

static void
destroy(struct pump *p)
{
	detach(p);
	sp_engine_free(p->engine);
	if (p->socket >= 0)
		close(p->socket);
	free(p);
}

void
pump_free(struct pump *p)
{
	if (p == NULL)
		return;
	if (p->is_running)
		p->is_freed = true;
	else
		destroy(p);
}

void
pump_release(struct pump *p, int *socket, struct sp_engine **engine)
{
	detach(p);
	*socket = p->socket;
	*engine = p->engine;
	p->socket = -1;
	p->engine = NULL;
	pump_free(p);
}

void
pump_kick(struct pump *p)
{
	if (!p->is_running && !p->is_over)
		run(p, NULL, NULL);
}

void
pump_turn(struct pump *p, void (*work)(void *arg), void *arg)
{
	if (p->is_running || p->is_over)
		work(arg);
	else
		run(p, work, arg);
}

struct sp_engine *
pump_engine(struct pump *p)
{
	return p->engine;
}

struct event_base *
pump_base(struct pump *p)
{
	return p->base;
}

int
pump_socket(const struct pump *p)
{
	return p->socket;
}

uint64_t
pump_time(const struct pump *p)
{
	return p->now;
}

uint64_t
pump_heard_at(const struct pump *p)
{
	return p->heard_at;
}

int
pump_error(const struct pump *p)
{
	return p->error;
}

void
pump_wait(struct pump *p, struct pump_waiter *waiter)
{
	if (waiter->is_waiting)
		return;
	waiter->is_waiting = true;
	TAILQ_INSERT_TAIL(&p->waiters, waiter, link);
	p->waiting++;
}

void
pump_unwait(struct pump *p, struct pump_waiter *waiter)
{
	if (!waiter->is_waiting)
		return;
	waiter->is_waiting = false;
	TAILQ_REMOVE(&p->waiters, waiter, link);
	p->waiting--;
}

/* ---- moving bytes ---- */

/* True while the owner lets the pump go on. */
static bool
is_alive(const struct pump *p)
{
	return !p->is_freed && !p->is_over;
}

static void
hand_out_events(struct pump *p)
{
	struct sp_event event;

	while (is_alive(p) && !p->wants_turn &&
	    sp_engine_next_event(p->engine, &event)) {
		p->wants_turn = ++p->events == PUMP_EVENTS;
		if (event.kind == SP_EVENT_CLOSED) {
			p->linger_at = pump_now() + p->linger;
			/* Who sent the disconnect expects no answer. */
			p->is_hung_up |= event.u.closed.by_peer;
		}
		p->owner->event(p, &event, p->arg);
	}
}

/* Nothing can be sent any more; the peer's last words may be there to read. */
static void
break_output(struct pump *p, int error)
{
	p->error = error;
	p->is_broken = true;
	p->is_readable = true;
}

/* Sends what the engine has; true when the socket took all of some. */
static bool
send_output(struct pump *p)
{
	struct sp_view out;
	bool sent = false;

	while (p->is_writable && (out = sp_engine_output(p->engine)).len > 0) {
		ssize_t n;

		if (p->is_broken) { /* the engine must not wait for it */
			sp_engine_output_sent(p->engine, out.len);
			continue;
		}
		n = send(p->socket, out.data, out.len, MSG_NOSIGNAL);
		if (n > 0)
			sp_engine_output_sent(p->engine, (size_t)n);
		if (n == (ssize_t)out.len)
			sent = true;
		else if (n >= 0 || errno == EAGAIN)
			p->is_writable = false;
		else
			break_output(p, errno);
	}
	return sent;
}

/*
 * One may be called twice where others stopped waiting meanwhile; counted,
 * so that those who wait again at once do not keep the loop here.
 */
static void
resume_waiters(struct pump *p)
{
	struct pump_waiter *waiter;

	for (size_t n = p->waiting; n > 0 && is_alive(p); n--) {
		waiter = TAILQ_FIRST(&p->waiters);
		if (waiter == NULL)
			return;
		pump_unwait(p, waiter);
		waiter->resume(waiter);
	}
}

/* Hands out and sends until neither leads to more of the other. */
static void
settle(struct pump *p)
{
	for (int round = 0; round < PUMP_ROUNDS; round++) {
		hand_out_events(p);
		if (!is_alive(p) || !send_output(p))
			return;
		resume_waiters(p);
	}
	p->wants_turn = true;
}

/* With no room for input only the socket itself can tell that it ended. */
static bool
is_gone(struct pump *p)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (p->is_hung_up || p->is_broken)
		return true;
	if (getsockopt(p->socket, SOL_SOCKET, SO_ERROR, &error, &len) != 0 ||
	    error == 0)
		return false;
	p->error = error; /* the socket tells of it once */
	return true;
}

/*
 * It hung up and may read all the same: once what it asked for has left
 * there is room again for what it sent before. If it reads no more, that
 * breaks the output.
 */
static bool
is_worth_the_wait(const struct pump *p)
{
	return !p->is_broken && p->error == 0 &&
	    sp_engine_output(p->engine).len > 0;
}

static void
end_input(struct pump *p)
{
	p->is_ended = true;
	p->is_readable = false;
	sp_engine_input_eof(p->engine);
}

/*
 * Less than asked for was all there was. But for an error that came with it,
 * or what stands behind urgent data: no other edge tells of those. To ask each
 * time would cost a call for each packet; what is sent next finds out, and
 * else the timer does once all is quiet.
 */
static void
look_again_later(struct pump *p, bool is_more)
{
	if (is_more || p->is_hung_up || p->is_broken)
		return;
	p->is_readable = false;
	p->is_unsure = true;
}

/* Reads once. True when the engine has something new. */
static bool
take_input(struct pump *p)
{
	uint8_t *room;
	size_t size;
	ssize_t n;

	if (!p->is_readable || p->is_ended || p->linger_at != 0)
		return false;
	size = sp_engine_input_room(p->engine, &room);
	if (size == 0) {
		if (is_gone(p) && !is_worth_the_wait(p)) {
			end_input(p);
			return true;
		}
		settle(p); /* where memory for it failed, that is the end */
		return false;
	}
	n = read(p->socket, room, size);
	if (n > 0) {
		p->heard_at = p->now;
		sp_engine_input(p->engine, (size_t)n);
		look_again_later(p, (size_t)n == size);
		return true;
	}
	if (n < 0 && errno == EAGAIN && !p->is_broken) {
		p->is_readable = false;
		return false;
	}
	if (n < 0 && p->error == 0)
		p->error = errno;
	end_input(p);
	return true;
}

/* ---- turns on the loop ---- */

static void
earlier(uint64_t *at, uint64_t other)
{
	if (other != 0 && (*at == 0 || other < *at))
		*at = other;
}

/*
 * Closing a socket that holds unread bytes resets the connection, and the
 * peer may never see what was sent last. True when more may come.
 */
static bool
discard_input(struct pump *p)
{
	uint8_t bytes[4096];
	ssize_t n = 0;

	for (int i = 0; i < PUMP_READS; i++) {
		n = read(p->socket, bytes, sizeof bytes);
		if (n <= 0)
			break;
	}
	p->wants_turn = n > 0;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

/*
 * Nothing of the peer's can come any more that would reset what it has not
 * read yet, or it had its time.
 */
static bool
is_parted(struct pump *p)
{
	if (p->is_broken || !discard_input(p) || p->is_hung_up || p->is_ended ||
	    p->linger == 0)
		return true;
	if (!p->has_parted) {
		p->has_parted = true;
		shutdown(p->socket, SHUT_WR);
		earlier(&p->linger_at, pump_now() + PUMP_PARTING_MS);
	}
	return pump_now() >= p->linger_at;
}

/*
 * An open question keeps the engine from its end; but nobody waits for the
 * answer any more.
 */
static void
close_unanswered(struct pump *p)
{
	const struct sp_event closed = {
		.kind = SP_EVENT_CLOSED,
		.u.closed.status = SP_ERR_EOF,
	};

	if (!is_alive(p) || !p->is_ended || p->wants_turn ||
	    p->linger_at != 0 || sp_engine_output(p->engine).len > 0)
		return;
	p->linger_at = pump_now();
	p->owner->event(p, &closed, p->arg);
}

/* Ends when the last words are out, cannot leave, or took too long. */
static void
end_if_over(struct pump *p)
{
	bool has_output;

	if (!is_alive(p) || p->linger_at == 0)
		return;
	has_output = sp_engine_output(p->engine).len > 0;
	if (has_output && !p->is_broken && pump_now() < p->linger_at)
		return;
	if (!is_parted(p))
		return;
	detach(p);
	p->is_over = true;
	p->owner->over(p, p->arg);
}

static bool
is_due(uint64_t now, uint64_t at)
{
	return at != 0 && at <= now;
}

/*
 * A timer that is armed too early is left alone: it finds nothing to do
 * and is armed anew. So a busy connection does not move it all the time.
 */
static void
arm_timer(struct pump *p, uint64_t now)
{
	struct timeval wait;
	uint64_t at = p->wants_turn ? now : 0;

	earlier(&at, p->linger_at);
	earlier(&at, sp_engine_deadline(p->engine));
	if (p->active_at != 0)
		earlier(&at, p->active_at + PUMP_QUIET_MS);
	if (at == 0 || (p->timer_at != 0 && p->timer_at <= at))
		return;
	p->timer_at = at;
	at = at > now ? at - now : 0;
	wait.tv_sec = (time_t)(at / 1000);
	wait.tv_usec = (suseconds_t)(at % 1000 * 1000);
	if (event_add(&p->timer, &wait) != 0)
		p->timer_at = 0; /* the next turn tries again */
}

static void
run(struct pump *p, void (*work)(void *), void *arg)
{
	uint64_t now = pump_now();
	int reads = 0;

	p->is_running = true;
	p->wants_turn = false;
	p->events = 0;
	p->now = now;
	p->active_at = now;
	sp_engine_set_time(p->engine, now);
	if (work != NULL)
		work(arg);
	settle(p);
	while (is_alive(p) && !p->wants_turn && take_input(p)) {
		settle(p);
		if (++reads == PUMP_READS)
			p->wants_turn = true;
	}
	close_unanswered(p);
	end_if_over(p);
	p->is_running = false;
	if (p->is_freed)
		destroy(p);
	else if (!p->is_over)
		arm_timer(p, now);
}

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct pump *p = arg;

	(void)fd;
	if (what & EV_WRITE)
		p->is_writable = true;
	if (what & EV_CLOSED)
		p->is_hung_up = true;
	if (what & (EV_READ | EV_CLOSED))
		p->is_readable = true;
	run(p, NULL, NULL);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pump *p = arg;
	uint64_t now = pump_now();

	(void)fd;
	(void)what;
	p->timer_at = 0;
	if (p->wants_turn || is_due(now, p->linger_at) ||
	    is_due(now, sp_engine_deadline(p->engine))) {
		run(p, NULL, NULL);
		return;
	}
	if (p->active_at != 0 && now >= p->active_at + PUMP_QUIET_MS) {
		if (p->is_unsure) {
			p->is_unsure = false;
			p->is_readable = true;
			run(p, NULL, NULL);
			return;
		}
		p->active_at = 0;
		sp_engine_relax(p->engine);
	}
	arm_timer(p, now);
}
