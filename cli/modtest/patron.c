/* The client's engine on its socket, for one channel; it blocks. */
#include "cli/modtest/patron.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TIME_MS = 30000, /* a request must have ended by then */
	STILL_MS = 500, /* nothing came for so long: nothing comes */
	/* What a session may grow by while its reader has stopped. */
	MEMORY_MAX = 16 * 1024 * 1024,
	BLOCK = 32768,
	SHOWN_MAX = 64 * 1024,
};

enum { OUTPUTS = 2 };

struct patron {
	const struct patron_order *order;
	struct stage stage;
	uint32_t channel;
	int in, out; /* -1: none */
	uint8_t block[BLOCK]; /* input that was read and not sent */
	size_t block_start, block_end;
	struct buffer shown[OUTPUTS];
	uint64_t counts[OUTPUTS];
	uint64_t still_since; /* when the reader stopped; 0: he reads */
	uint64_t held; /* bytes, for a reader that had stopped */
	struct stage_memory memory; /* before */
	bool is_refused, is_served;
	bool is_sent; /* all of the input, and its end */
	bool has_status, has_signal;
	uint32_t status;
	char signal[32];
	const char *problem; /* NULL: none yet */
	bool is_over;
};

static void
fail(struct patron *p, const char *problem)
{
	if (p->problem == NULL)
		p->problem = problem;
	p->is_over = true;
}

static void
check(struct patron *p, enum sp_status status)
{
	if (status != SP_OK)
		fail(p, sp_status_text(status));
}

/* ---- input ---- */

static void
end_input(struct patron *p)
{
	p->is_sent = true;
	check(p, sp_channel_eof(p->stage.client, p->channel));
}

static void
send_input(struct patron *p)
{
	for (;;) {
		size_t taken = 0;
		ssize_t n;

		if (p->is_sent || p->is_over)
			return;
		if (p->block_start == p->block_end) {
			n = p->in < 0 ? 0 : read(p->in, p->block, BLOCK);
			if (n <= 0) {
				end_input(p);
				return;
			}
			p->block_start = 0;
			p->block_end = (size_t)n;
		}
		check(p,
		    sp_channel_write(p->stage.client, p->channel, 0,
			view_of(p->block + p->block_start,
			    p->block_end - p->block_start),
			&taken));
		p->block_start += taken;
		if (taken == 0)
			return;
	}
}

/* ---- output ---- */

static void
keep(struct patron *p, uint32_t type, struct sp_view data)
{
	struct buffer *shown;

	if (type >= OUTPUTS)
		return;
	shown = &p->shown[type];
	p->counts[type] += data.len;
	if (type == 0 && p->out >= 0) {
		if (write(p->out, data.data, data.len) != (ssize_t)data.len)
			fail(p, "the output cannot be written");
		return;
	}
	if (data.len > shown->max - buffer_len(shown))
		data.len = shown->max - buffer_len(shown);
	if (buffer_append(shown, data) != SP_OK)
		return;
}

/* What has gathered in the channel's queues. */
static void
take_queues(struct patron *p)
{
	for (uint32_t type = 0; type < OUTPUTS; type++) {
		struct sp_view queue =
		    sp_channel_queue(p->stage.client, p->channel, type);

		keep(p, type, queue);
		sp_channel_consume(
		    p->stage.client, p->channel, type, queue.len);
	}
}

static uint64_t
count_queues(struct patron *p)
{
	uint64_t count = 0;

	for (uint32_t type = 0; type < OUTPUTS; type++)
		count +=
		    sp_channel_queue(p->stage.client, p->channel, type).len;
	return count;
}

/* The reader stops at the first byte. */
static void
take_data(struct patron *p, const struct sp_event *event)
{
	struct sp_view data = event->u.channel_data.data;

	if (p->order->is_slow && p->still_since == 0 && p->held == 0)
		p->still_since = stage_now_ms();
	if (p->still_since != 0)
		return;
	keep(p, event->u.channel_data.type, data);
	sp_channel_took(p->stage.client, p->channel, data.len);
	take_queues(p);
}

/* He goes on when nothing has come for a while. */
static void
look_at_stop(struct patron *p)
{
	uint64_t held = count_queues(p);
	struct stage_memory memory;

	if (held != p->held) {
		p->held = held;
		p->still_since = stage_now_ms();
	}
	if (stage_now_ms() - p->still_since < STILL_MS)
		return;
	p->still_since = 0;
	memory = stage_memory_of(&p->stage);
	if (memory.most > p->memory.most + MEMORY_MAX)
		fail(p, "the session grew while its reader had stopped");
	take_queues(p);
}

/* ---- events ---- */

static void
hear(struct patron *p, const struct sp_event *event)
{
	struct sp_request request;

	if (sp_request_read(event, &request) == SP_OK) {
		if (request.kind == SP_REQUEST_EXIT_STATUS) {
			p->has_status = true;
			p->status = request.u.exit_status;
		}
		if (request.kind == SP_REQUEST_EXIT_SIGNAL)
			p->has_signal =
			    view_to_string(request.u.exit_signal.name,
				p->signal, sizeof p->signal);
	}
	if (event->token != 0)
		check(
		    p, sp_channel_answer(p->stage.client, event->token, false));
}

static void
answer_global(struct patron *p, const struct sp_event *event)
{
	if (event->token != 0)
		check(p,
		    sp_global_answer(p->stage.client, event->token, false,
			view_of(NULL, 0)));
}

/* The terminal of most; what it is called a handler can see. */
static void
ask_for_terminal(struct patron *p)
{
	const struct sp_request terminal = {
		.kind = SP_REQUEST_PTY,
		.u.pty = { .term = view_of_string("xterm-256color"),
		    .size = { .columns = 80, .rows = 24 },
		    .modes = view_of("", 1) },
	};

	check(
	    p, sp_request_send(p->stage.client, p->channel, &terminal, false));
}

static void
set_variable(struct patron *p, const char *text)
{
	size_t len = strcspn(text, "=");
	const struct sp_request variable = {
		.kind = SP_REQUEST_ENV,
		.u.env = { .name = view_of(text, len),
		    .value = view_of_string(text + len + 1) },
	};

	check(
	    p, sp_request_send(p->stage.client, p->channel, &variable, false));
}

static void
ask_for_all(struct patron *p)
{
	const struct patron_order *order = p->order;

	for (size_t i = 0; i < order->variable_count; i++)
		set_variable(p, order->variables[i]);
	if (order->has_terminal)
		ask_for_terminal(p);
	check(p,
	    sp_request_send(
		p->stage.client, p->channel, &order->request, true));
}

static void
act(struct patron *p, const struct sp_event *event)
{
	const struct sp_open session = { .type = SP_CHANNEL_SESSION };

	if (event->kind == SP_EVENT_AUTHENTICATED) {
		check(p, sp_open_send(p->stage.client, &session, &p->channel));
	} else if (event->kind == SP_EVENT_CHANNEL_CONFIRMED) {
		ask_for_all(p);
	} else if (event->kind == SP_EVENT_CHANNEL_REPLY) {
		p->is_served = event->u.channel_reply.success;
		p->is_refused = p->is_over = !p->is_served;
	} else if (event->kind == SP_EVENT_CHANNEL_DATA) {
		take_data(p, event);
	} else if (event->kind == SP_EVENT_CHANNEL_REQUEST) {
		hear(p, event);
	} else if (event->kind == SP_EVENT_GLOBAL_REQUEST) {
		answer_global(p, event);
	} else if (event->kind == SP_EVENT_CHANNEL_CLOSED) {
		p->is_over = true;
	} else if (event->kind == SP_EVENT_CLOSED) {
		fail(p, "the session ended the connection");
	}
}

/* ---- the loop ---- */

static void
write_some(struct patron *p)
{
	struct sp_view output = sp_engine_output(p->stage.client);
	ssize_t n =
	    send(p->stage.socket, output.data, output.len, MSG_NOSIGNAL);

	if (n > 0)
		sp_engine_output_sent(p->stage.client, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		fail(p, "the session has gone");
}

static void
read_some(struct patron *p, uint8_t *room, size_t size)
{
	ssize_t n = recv(p->stage.socket, room, size, 0);

	if (n > 0)
		sp_engine_input(p->stage.client, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		sp_engine_input_eof(p->stage.client);
}

static void
move_bytes(struct patron *p)
{
	uint8_t *room;
	size_t size = sp_engine_input_room(p->stage.client, &room);
	bool has_output = sp_engine_output(p->stage.client).len > 0;
	struct pollfd polled = {
		.fd = p->stage.socket,
		.events = (short)((size > 0 ? POLLIN : 0) |
		    (has_output ? POLLOUT : 0)),
	};

	if (poll(&polled, 1, 100) > 0) {
		if ((polled.revents & POLLOUT) != 0)
			write_some(p);
		else if (size > 0)
			read_some(p, room, size);
	}
	sp_engine_set_time(p->stage.client, stage_now_ms());
}

static void
run(struct patron *p)
{
	uint64_t end = stage_now_ms() + TIME_MS;
	struct sp_event event;

	while (!p->is_over) {
		while (!p->is_over &&
		    sp_engine_next_event(p->stage.client, &event))
			act(p, &event);
		if (p->still_since != 0)
			look_at_stop(p);
		if (p->is_served)
			send_input(p);
		if (!p->is_over)
			move_bytes(p);
		if (stage_now_ms() > end)
			fail(p, "it does not end");
	}
}

/* ---- beginning and end ---- */

static bool
open_files(struct patron *p)
{
	const struct patron_order *order = p->order;

	p->in = p->out = -1;
	if (order->in != NULL)
		p->in = open(order->in, O_RDONLY | O_CLOEXEC);
	if (order->out != NULL)
		p->out = open(
		    order->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return (order->in == NULL || p->in >= 0) &&
	    (order->out == NULL || p->out >= 0);
}

static void
close_files(struct patron *p)
{
	if (p->in >= 0)
		close(p->in);
	if (p->out >= 0)
		close(p->out);
}

static void
tell(struct patron *p, struct answer *answer)
{
	char end[64];

	if (p->problem != NULL) {
		answer_add(answer, "BROKEN: %s", p->problem);
		answer->is_failure = true;
	} else if (p->is_refused) {
		answer_add(answer, "REFUSED");
	} else {
		if (p->has_signal)
			snprintf(end, sizeof end, "SIGNAL %s", p->signal);
		else if (p->has_status)
			snprintf(end, sizeof end, "EXIT %" PRIu32, p->status);
		else
			snprintf(end, sizeof end, "CLOSED");
		answer_add(answer, "%s out=%" PRIu64 " err=%" PRIu64, end,
		    p->counts[0], p->counts[1]);
	}
	if (p->order->is_slow && p->problem == NULL)
		answer_add(answer, "stopped at %" PRIu64 " bytes", p->held);
	answer_add_output(answer, '|', buffer_view(&p->shown[0]));
	answer_add_output(answer, '!', buffer_view(&p->shown[1]));
}

static void
tell_end(int status, struct answer *answer)
{
	if (WIFSIGNALED(status))
		answer_add(answer, "the session was killed by signal %d",
		    WTERMSIG(status));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		answer_add(answer, "the session ended with status %d",
		    WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	else
		return;
	answer->is_failure = true;
}

void
patron_ask(const struct stage_given *given, const struct patron_order *order,
    struct answer *answer)
{
	struct patron p = { .order = order };
	const char *problem = NULL;
	uint64_t began;

	for (int i = 0; i < OUTPUTS; i++)
		buffer_init(&p.shown[i], SHOWN_MAX);
	if (!open_files(&p))
		problem = strerror(errno);
	else if (stage_open(&p.stage, given, &problem))
		problem = NULL;
	if (problem != NULL) {
		answer_add(answer, "ERROR %s", problem);
	} else {
		p.memory = stage_memory_of(&p.stage);
		began = stage_now_ms();
		run(&p);
		answer->time_us = (stage_now_ms() - began) * 1000 + 1;
		tell(&p, answer);
		tell_end(stage_close(&p.stage), answer);
	}
	close_files(&p);
	for (int i = 0; i < OUTPUTS; i++)
		buffer_clear(&p.shown[i]);
}
