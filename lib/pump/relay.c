/*
 * The relay. Pipes are read straight into packets being built and the
 * peer's data is written straight from the buffer it was opened in; only
 * what a full pipe does not take waits in the channel's queue.
 */
#include "lib/pump/relay.h"

#include "lib/pump/pump.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RELAY_READ = 65536, /* what a pipe holds */
	RELAY_IOV = 16,
	RELAY_OUTPUTS = 2,
};

/* out or err: from the program to the peer. */
struct output {
	struct relay *relay;
	int fd; /* -1: ended */
	uint32_t type; /* of the channel's data */
	struct event readable; /* armed unless it waits for room */
	struct pump_waiter waiter;
};

struct relay {
	struct pump *pump;
	const struct relay_owner *owner;
	void *arg;
	struct output outputs[RELAY_OUTPUTS];
	int in; /* -1: ended */
	struct event writable; /* armed while the queue holds something */
	uint64_t sent_at; /* when a program's bytes last passed; 0: never */
	struct relay_count count;
	uint32_t channel;
	int depth; /* calls of ours that must not lose the memory */
	bool in_is_out; /* one descriptor for both ways */
	bool is_full; /* in takes nothing now */
	bool has_eof; /* the peer's: nothing comes behind the queue */
	bool is_finishing;
	bool has_ended; /* the outputs, and the owner knows */
	bool is_freed;
};

static void on_readable(evutil_socket_t, short, void *);
static void on_writable(evutil_socket_t, short, void *);
static void on_room(struct pump_waiter *);
static void drop_unread(struct relay *);

static void
ignore(enum sp_status status)
{
	(void)status;
}

static bool
make_nonblocking(int fd)
{
	int flags;

	if (fd < 0)
		return true;
	flags = fcntl(fd, F_GETFL);
	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static void
output_init(struct relay *r, struct output *o, int fd, uint32_t type)
{
	o->relay = r;
	o->fd = fd;
	o->type = type;
	o->waiter.resume = on_room;
	event_assign(&o->readable, pump_base(r->pump), fd, EV_READ | EV_PERSIST,
	    on_readable, o);
}

/* False where the loop does not take one: it never tells of a file. */
static bool
arm(struct relay *r)
{
	bool is_armed = true;

	for (int i = 0; i < RELAY_OUTPUTS; i++) {
		struct output *o = &r->outputs[i];

		if (o->fd >= 0 && event_add(&o->readable, NULL) != 0)
			is_armed = false;
	}
	if (r->is_full && event_add(&r->writable, NULL) != 0)
		is_armed = false;
	return is_armed;
}

static void
disarm(struct relay *r)
{
	int error = errno;

	for (int i = 0; i < RELAY_OUTPUTS; i++)
		event_del(&r->outputs[i].readable);
	event_del(&r->writable);
	errno = error;
}

struct relay *
relay_new(struct pump *pump, uint32_t channel, const struct relay_fds *fds,
    const struct relay_owner *owner, void *arg)
{
	struct relay *r;

	if (!make_nonblocking(fds->in) || !make_nonblocking(fds->out) ||
	    !make_nonblocking(fds->err))
		return NULL;
	r = calloc(1, sizeof *r);
	if (r == NULL)
		return NULL;
	r->pump = pump;
	r->channel = channel;
	r->owner = owner;
	r->arg = arg;
	r->in = fds->in;
	r->in_is_out = fds->in >= 0 && fds->in == fds->out;
	output_init(r, &r->outputs[0], fds->out, 0);
	output_init(r, &r->outputs[1], fds->err, 1);
	event_assign(&r->writable, pump_base(pump), fds->in,
	    EV_WRITE | EV_PERSIST, on_writable, r);
	r->is_full = r->in >= 0 &&
	    sp_channel_queue(pump_engine(pump), channel, 0).len > 0;
	if (!arm(r)) {
		disarm(r);
		free(r);
		return NULL;
	}
	drop_unread(r);
	/* Without any output its end is told from the loop all the same. */
	if (fds->out < 0 && fds->err < 0)
		event_active(&r->outputs[0].readable, EV_READ, 0);
	return r;
}

/* ---- ends ---- */

static void
leave(struct relay *r)
{
	if (--r->depth == 0 && r->is_freed)
		free(r);
}

static void
close_output(struct output *o)
{
	struct relay *r = o->relay;
	bool is_shared = r->in_is_out && o->type == 0 && r->in >= 0;

	event_del(&o->readable);
	pump_unwait(r->pump, &o->waiter);
	if (o->fd >= 0 && !is_shared)
		close(o->fd);
	o->fd = -1;
}

static void
close_input(struct relay *r)
{
	bool is_shared = r->in_is_out && r->outputs[0].fd >= 0;

	event_del(&r->writable);
	r->is_full = false;
	if (is_shared)
		shutdown(r->in, SHUT_WR); /* a terminal has no such thing */
	else if (r->in >= 0)
		close(r->in);
	r->in = -1;
}

void
relay_free(struct relay *r)
{
	if (r == NULL)
		return;
	close_output(&r->outputs[0]);
	close_output(&r->outputs[1]);
	close_input(r);
	r->is_freed = true;
	if (r->depth == 0)
		free(r);
}

static void
end_output(struct output *o)
{
	struct relay *r = o->relay;

	close_output(o);
	if (r->outputs[0].fd >= 0 || r->outputs[1].fd >= 0 || r->has_ended)
		return;
	r->has_ended = true;
	/* Fails where the channel is closed already: nobody listens then. */
	ignore(sp_channel_eof(pump_engine(r->pump), r->channel));
	r->owner->outputs_ended(r, r->arg);
}

static void
end_input(struct relay *r)
{
	if (r->in < 0)
		return;
	close_input(r);
	if (r->owner->input_ended != NULL)
		r->owner->input_ended(r, r->arg);
}

/* ---- from the program to the peer ---- */

/* Nothing now, and nothing wrong. */
static bool
is_later(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* No room: the loop is left alone until output has left or the window opens. */
static void
wait_for_room(struct output *o)
{
	event_del(&o->readable);
	pump_wait(o->relay->pump, &o->waiter);
}

/* Reads once, into packets. */
static void
read_output(struct output *o)
{
	struct relay *r = o->relay;
	struct sp_engine *engine = pump_engine(r->pump);
	struct iovec iov[RELAY_IOV];
	size_t count = RELAY_IOV;
	bool is_empty;
	ssize_t n;

	if (sp_channel_reserve(engine, r->channel, o->type, RELAY_READ, iov,
		&count) != SP_OK) {
		end_output(o);
		return;
	}
	if (count == 0) {
		wait_for_room(o);
		return;
	}
	n = readv(o->fd, iov, (int)count);
	is_empty = n < 0 && is_later(errno);
	if (sp_channel_commit(engine, n > 0 ? (size_t)n : 0) != SP_OK)
		n = 0;
	if (n > 0) {
		r->sent_at = pump_time(r->pump);
		r->count.out += (size_t)n;
	}
	/* EIO is how a terminal says that its last program has gone. */
	if (n <= 0 && (!is_empty || r->is_finishing))
		end_output(o);
	else if (event_add(&o->readable, NULL) != 0)
		end_output(o);
}

/* Once; to the end where the program is gone and nothing follows. */
static void
read_output_turn(void *arg)
{
	struct output *o = arg;
	struct relay *r = o->relay;

	r->depth++;
	do
		read_output(o);
	while (r->is_finishing && o->fd >= 0 && !o->waiter.is_waiting);
	leave(r);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct output *o = arg;

	(void)fd;
	(void)what;
	pump_turn(o->relay->pump, read_output_turn, o);
}

/* Output has left: it was readable when it stopped, so no loop is asked. */
static void
on_room(struct pump_waiter *waiter)
{
	read_output_turn((char *)waiter - offsetof(struct output, waiter));
}

static void
resume_outputs(struct relay *r)
{
	for (int i = 0; i < RELAY_OUTPUTS; i++) {
		struct output *o = &r->outputs[i];

		if (o->fd >= 0 && o->waiter.is_waiting) {
			pump_unwait(r->pump, &o->waiter);
			read_output_turn(o);
		}
	}
}

uint64_t
relay_sent_at(const struct relay *r)
{
	return r->sent_at;
}

struct relay_count
relay_count_of(const struct relay *r)
{
	return r->count;
}

void
relay_finish(struct relay *r)
{
	r->is_finishing = true;
	r->depth++;
	for (int i = 0; i < RELAY_OUTPUTS; i++) {
		struct output *o = &r->outputs[i];

		if (o->fd >= 0 && !o->waiter.is_waiting)
			read_output_turn(o);
	}
	leave(r);
}

/* ---- from the peer to the program ---- */

/* How much in took; false when nobody reads it any more. */
static bool
write_input(struct relay *r, struct sp_view data, size_t *len)
{
	ssize_t n = write(r->in, data.data, data.len);

	*len = n > 0 ? (size_t)n : 0;
	r->count.in += *len;
	return n >= 0 || is_later(errno);
}

/* Until in takes more; false when the loop could not tell. */
static bool
wait_for_reader(struct relay *r)
{
	r->is_full = event_add(&r->writable, NULL) == 0;
	return r->is_full;
}

/*
 * What nobody reads must not stay in the queues: while they hold anything
 * the engine tells of no more, and the window stays shut.
 */
static void
drop_unread(struct relay *r)
{
	struct sp_engine *engine = pump_engine(r->pump);

	if (r->in < 0)
		sp_channel_consume(engine, r->channel, 0,
		    sp_channel_queue(engine, r->channel, 0).len);
	sp_channel_consume(
	    engine, r->channel, 1, sp_channel_queue(engine, r->channel, 1).len);
}

/* Data that came while a request of the channel was open. */
static void
take_gathered(struct relay *r)
{
	struct sp_view queue =
	    sp_channel_queue(pump_engine(r->pump), r->channel, 0);

	if (r->in >= 0 && queue.len > 0 && !r->is_full && !wait_for_reader(r))
		end_input(r);
	drop_unread(r);
}

static void
take_data(struct relay *r, struct sp_view data)
{
	size_t len = 0;
	bool is_read = true;

	/* Behind what waits in the queue nothing may be written at once. */
	if (r->in >= 0 && !r->is_full)
		is_read = write_input(r, data, &len);
	if (is_read && r->in >= 0 && len < data.len && !r->is_full)
		is_read = wait_for_reader(r);
	if (r->in < 0 || !is_read)
		len = data.len; /* dropped, and the window opens for more */
	sp_channel_took(pump_engine(r->pump), r->channel, len);
	if (!is_read)
		end_input(r);
}

static void
write_queue_turn(void *arg)
{
	struct relay *r = arg;
	struct sp_engine *engine = pump_engine(r->pump);
	struct sp_view queue = sp_channel_queue(engine, r->channel, 0);
	size_t len = 0;
	bool is_read = write_input(r, queue, &len);

	r->depth++;
	if (!is_read)
		len = queue.len;
	sp_channel_consume(engine, r->channel, 0, len);
	if (len == queue.len) {
		event_del(&r->writable);
		r->is_full = false;
	}
	if (!is_read || (r->has_eof && !r->is_full))
		end_input(r);
	leave(r);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct relay *r = arg;

	(void)fd;
	(void)what;
	pump_turn(r->pump, write_queue_turn, r);
}

void
relay_event(struct relay *r, const struct sp_event *event)
{
	r->depth++;
	if (event->kind == SP_EVENT_CHANNEL_DATA &&
	    event->u.channel_data.data.len == 0) {
		take_gathered(r);
	} else if (event->kind == SP_EVENT_CHANNEL_DATA) {
		/* No program has an input for extended data. */
		if (event->u.channel_data.type == 0)
			take_data(r, event->u.channel_data.data);
		else
			sp_channel_took(pump_engine(r->pump), r->channel,
			    event->u.channel_data.data.len);
	} else if (event->kind == SP_EVENT_CHANNEL_WRITABLE) {
		resume_outputs(r);
	} else if (event->kind == SP_EVENT_CHANNEL_EOF) {
		r->has_eof = true;
		if (!r->is_full)
			end_input(r);
	}
	leave(r);
}
