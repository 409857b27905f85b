/* The relay: bytes between a channel and descriptors, and every end. */
#include "lib/pump/relay.h"

#include "lib/wire/view.h"
#include "tests/unit/pump/duo.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* The server's channel on a relay; the test is the program behind it. */
struct stage {
	struct duo duo;
	struct relay *relay;
	uint32_t channel;
	int in; /* the program's ends: standard input, output, error */
	int out;
	int err;
	bool outputs_ended;
	bool input_ended;
	bool is_stuck; /* the client reads no data */
	bool holds_requests; /* the server does not answer */
	sp_token request;
	bool frees_in_callback;
	/* What the client got. */
	uint64_t bytes[2];
	bool got_eof;
	uint64_t bytes_at_eof;
};

static void
on_outputs_ended(struct relay *relay, void *arg)
{
	struct stage *s = arg;

	assert_false(s->outputs_ended);
	s->outputs_ended = true;
	if (s->frees_in_callback) {
		s->relay = NULL;
		relay_free(relay);
	}
}

static void
on_input_ended(struct relay *relay, void *arg)
{
	struct stage *s = arg;

	(void)relay;
	assert_false(s->input_ended);
	s->input_ended = true;
}

static const struct relay_owner owner = {
	.outputs_ended = on_outputs_ended,
	.input_ended = on_input_ended,
};

static bool
see_client(struct stage *s, const struct sp_event *event)
{
	size_t len;

	if (event->kind == SP_EVENT_CHANNEL_EOF) {
		s->got_eof = true;
		s->bytes_at_eof = s->bytes[0] + s->bytes[1];
	}
	if (event->kind != SP_EVENT_CHANNEL_DATA)
		return false;
	len = event->u.channel_data.data.len;
	s->bytes[event->u.channel_data.type] += len;
	sp_channel_took(duo_engine(&s->duo, SP_CLIENT), event->channel,
	    s->is_stuck ? 0 : len);
	return true;
}

static bool
see(struct duo *d, enum sp_role side, const struct sp_event *event)
{
	struct stage *s = d->arg;
	bool is_relayed = event->kind == SP_EVENT_CHANNEL_DATA ||
	    event->kind == SP_EVENT_CHANNEL_WRITABLE ||
	    event->kind == SP_EVENT_CHANNEL_EOF;

	if (side == SP_CLIENT)
		return see_client(s, event);
	if (event->kind == SP_EVENT_CHANNEL_REQUEST && s->holds_requests) {
		s->request = event->token;
		return true;
	}
	if (!is_relayed || s->relay == NULL)
		return false;
	relay_event(s->relay, event);
	return true;
}

static void
open_stage(struct stage *s)
{
	*s = (struct stage){ .in = -1 };
	duo_init(&s->duo);
	s->duo.hook = see;
	s->duo.arg = s;
	duo_login(&s->duo);
	s->channel = duo_open_session(&s->duo);
}

static void
attach(struct stage *s, int in, int out, int err)
{
	const struct relay_fds fds = { .in = in, .out = out, .err = err };

	s->relay = relay_new(
	    s->duo.sides[SP_SERVER].pump, s->channel, &fds, &owner, s);
	assert_non_null(s->relay);
}

/* Three pipes, as a program has them. */
static void
init(struct stage *s)
{
	int in[2], out[2], err[2];

	open_stage(s);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	s->in = in[0];
	s->out = out[1];
	s->err = err[1];
	fcntl(s->out, F_SETFL, O_NONBLOCK);
	fcntl(s->in, F_SETFL, O_NONBLOCK);
	attach(s, in[1], out[0], err[0]);
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
clear(struct stage *s)
{
	relay_free(s->relay);
	shut(&s->in);
	shut(&s->out);
	shut(&s->err);
	duo_clear(&s->duo);
}

static void
say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* The client sends this much; what the engine takes of it at once. */
static size_t
client_sends(struct stage *s, size_t len)
{
	uint8_t *bytes = calloc(1, len);
	size_t taken;

	assert_int_equal(sp_channel_write(duo_engine(&s->duo, SP_CLIENT),
			     s->channel, 0, view_of(bytes, len), &taken),
	    SP_OK);
	pump_kick(s->duo.sides[SP_CLIENT].pump);
	free(bytes);
	return taken;
}

static void
client_ends(struct stage *s)
{
	assert_int_equal(
	    sp_channel_eof(duo_engine(&s->duo, SP_CLIENT), s->channel), SP_OK);
	pump_kick(s->duo.sides[SP_CLIENT].pump);
}

/* ---- from the program ---- */

static void
output_and_errors_arrive_apart(void **state)
{
	struct stage s;

	(void)state;
	init(&s);
	say(s.out, "output");
	say(s.err, "an error");
	duo_wait(&s.duo, 60);
	assert_int_equal(s.bytes[0], 6);
	assert_int_equal(s.bytes[1], 8);
	clear(&s);
}

static void
the_end_comes_when_both_outputs_have_ended(void **state)
{
	struct stage s;

	(void)state;
	for (int order = 0; order < 2; order++) {
		init(&s);
		say(s.out, "output");
		say(s.err, "an error");
		shut(order == 0 ? &s.out : &s.err);
		duo_wait(&s.duo, 40);
		assert_false(s.got_eof);
		shut(&s.out);
		shut(&s.err);
		duo_wait(&s.duo, 40);
		assert_true(s.outputs_ended);
		assert_true(s.got_eof);
		assert_int_equal(s.bytes_at_eof, 14);
		clear(&s);
	}
}

static void
a_relay_may_be_freed_in_its_callback(void **state)
{
	struct stage s;

	(void)state;
	init(&s);
	s.frees_in_callback = true;
	say(s.out, "output");
	shut(&s.out);
	shut(&s.err);
	assert_true(duo_run(&s.duo, &s.got_eof, 2000));
	assert_int_equal(s.bytes_at_eof, 6);
	clear(&s);
}

/* As much as the pipe takes, until total is written or nothing moves. */
static uint64_t
fill(struct stage *s, uint64_t total)
{
	static const uint8_t bytes[65536];
	uint64_t sent = 0;

	for (int idle = 0; idle < 10 && sent < total;) {
		size_t len = sizeof bytes;
		ssize_t n;

		if (total - sent < len)
			len = (size_t)(total - sent);
		n = write(s->out, bytes, len);
		if (n > 0)
			sent += (uint64_t)n;
		idle = n > 0 ? 0 : idle + 1;
		duo_wait(&s->duo, 1);
	}
	return sent;
}

static void
bulk_from_a_program_passes_whole(void **state)
{
	enum { TOTAL = 64 * 1024 * 1024 };
	struct stage s;

	(void)state;
	init(&s);
	assert_int_equal(fill(&s, TOTAL), TOTAL);
	shut(&s.out);
	shut(&s.err);
	assert_true(duo_run(&s.duo, &s.got_eof, 5000));
	assert_int_equal(s.bytes_at_eof, TOTAL);
	clear(&s);
}

static void
a_peer_that_stops_stops_the_reading_of_pipes(void **state)
{
	enum { TOTAL = 64 * 1024 * 1024, BOUND = 4 * 1024 * 1024 };
	struct stage s;

	(void)state;
	init(&s);
	s.is_stuck = true;
	assert_true(fill(&s, TOTAL) < BOUND);
	assert_false(s.duo.sides[SP_SERVER].is_over);
	clear(&s);
}

static void
outputs_held_open_by_others_end_when_the_program_is_gone(void **state)
{
	struct stage s;

	(void)state;
	init(&s);
	say(s.out, "last words");
	relay_finish(s.relay);
	assert_true(s.outputs_ended);
	pump_kick(s.duo.sides[SP_SERVER].pump);
	assert_true(duo_run(&s.duo, &s.got_eof, 2000));
	assert_int_equal(s.bytes_at_eof, 10);
	clear(&s);
}

/* ---- to the program ---- */

static size_t
drain(int fd)
{
	static uint8_t bytes[65536];
	size_t total = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		total += (size_t)n;
	return total;
}

static void
input_reaches_the_program(void **state)
{
	struct stage s;

	(void)state;
	init(&s);
	client_sends(&s, 1000);
	duo_wait(&s.duo, 60);
	assert_int_equal(drain(s.in), 1000);
	client_ends(&s);
	duo_wait(&s.duo, 60);
	assert_true(s.input_ended);
	assert_int_equal(read(s.in, &(char){ 0 }, 1), 0);
	clear(&s);
}

static void
a_full_pipe_keeps_the_rest_and_its_order_with_the_end(void **state)
{
	enum { TOTAL = 1024 * 1024 };
	size_t sent = 0, got = 0;
	bool is_ended = false;
	struct stage s;

	(void)state;
	init(&s);
	while (sent < TOTAL) {
		sent += client_sends(&s, TOTAL - sent);
		duo_wait(&s.duo, 20);
	}
	client_ends(&s);
	duo_wait(&s.duo, 60);
	assert_false(s.input_ended);
	for (int i = 0; i < 500 && !is_ended; i++) {
		got += drain(s.in);
		duo_wait(&s.duo, 5);
		is_ended = s.input_ended;
	}
	got += drain(s.in);
	assert_int_equal(got, TOTAL);
	clear(&s);
}

static void
a_full_pipe_stops_the_window(void **state)
{
	enum { BOUND = 4 * 1024 * 1024 };
	size_t sent = 0, more = 1;
	struct stage s;

	(void)state;
	init(&s);
	for (int idle = 0; idle < 5 && sent < 2 * BOUND;) {
		more = client_sends(&s, 65536);
		sent += more;
		idle = more > 0 ? 0 : idle + 1;
		duo_wait(&s.duo, more > 0 ? 1 : 20);
	}
	assert_int_equal(more, 0);
	assert_true(sent < BOUND);
	clear(&s);
}

static void
input_nobody_reads_is_dropped_and_kills_nothing(void **state)
{
	enum { TOTAL = 8 * 1024 * 1024 };
	size_t sent = 0;
	struct stage s;

	(void)state;
	init(&s);
	shut(&s.in);
	for (int i = 0; i < 1000 && sent < TOTAL; i++) {
		sent += client_sends(&s, 65536);
		duo_wait(&s.duo, 1);
	}
	assert_int_equal(sent, TOTAL);
	assert_true(s.input_ended);
	say(s.out, "still there");
	duo_wait(&s.duo, 60);
	assert_int_equal(s.bytes[0], 11);
	clear(&s);
}

/* ---- what gathers while a request is open ---- */

static void
client_asks(struct stage *s)
{
	s->holds_requests = true;
	assert_int_equal(sp_channel_request(duo_engine(&s->duo, SP_CLIENT),
			     s->channel, "any", true, view_of(NULL, 0)),
	    SP_OK);
	pump_kick(s->duo.sides[SP_CLIENT].pump);
	duo_wait(&s->duo, 40);
	assert_int_not_equal(s->request, 0);
}

static void
server_answers(struct stage *s)
{
	assert_int_equal(
	    sp_channel_answer(duo_engine(&s->duo, SP_SERVER), s->request, true),
	    SP_OK);
	pump_kick(s->duo.sides[SP_SERVER].pump);
}

static void
it_reaches_the_program_after_the_answer(void **state)
{
	struct stage s;

	(void)state;
	init(&s);
	client_asks(&s);
	client_sends(&s, 1000);
	client_sends(&s, 500);
	client_ends(&s);
	duo_wait(&s.duo, 40);
	assert_int_equal(drain(s.in), 0);
	server_answers(&s);
	assert_true(duo_run(&s.duo, &s.input_ended, 2000));
	assert_int_equal(drain(s.in), 1500);
	clear(&s);
}

static void
it_is_dropped_where_nobody_reads(void **state)
{
	enum { TOTAL = 8 * 1024 * 1024 };
	size_t sent = 0;
	struct stage s;
	int out[2];

	(void)state;
	open_stage(&s);
	assert_int_equal(pipe(out), 0);
	s.out = out[1];
	client_asks(&s);
	client_sends(&s, 1000);
	duo_wait(&s.duo, 40);
	attach(&s, -1, out[0], -1); /* with data in the queue already */
	client_sends(&s, 1000);
	duo_wait(&s.duo, 40);
	server_answers(&s);
	for (int i = 0; i < 1000 && sent < TOTAL; i++) {
		sent += client_sends(&s, 65536);
		duo_wait(&s.duo, 1);
	}
	assert_int_equal(sent, TOTAL);
	clear(&s);
}

/* ---- descriptors the loop does not take ---- */

static void
a_file_is_refused_and_stays_the_callers(void **state)
{
	char name[] = "relay-test-XXXXXX";
	struct stage s;
	int file, pipes[2];

	(void)state;
	open_stage(&s);
	file = mkstemp(name);
	assert_true(file >= 0);
	unlink(name);
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < 2; i++) {
		const struct relay_fds fds = {
			.in = -1,
			.out = i == 0 ? file : pipes[0],
			.err = i == 0 ? -1 : file,
		};

		errno = 0;
		assert_null(relay_new(
		    s.duo.sides[SP_SERVER].pump, s.channel, &fds, &owner, &s));
		assert_int_equal(errno, EPERM);
	}
	assert_int_equal(close(file), 0);
	assert_int_equal(close(pipes[0]), 0);
	assert_int_equal(close(pipes[1]), 0);
	duo_wait(&s.duo, 20);
	clear(&s);
}

/* ---- one descriptor both ways ---- */

static void
a_socket_is_ended_each_way_alone(void **state)
{
	struct stage s;
	int both[2];

	(void)state;
	open_stage(&s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
	attach(&s, both[0], both[0], -1);
	client_ends(&s);
	duo_wait(&s.duo, 60);
	assert_true(s.input_ended);
	assert_int_equal(read(both[1], &(char){ 0 }, 1), 0);
	say(both[1], "after the end");
	duo_wait(&s.duo, 60);
	assert_int_equal(s.bytes[0], 13);
	close(both[1]);
	assert_true(duo_run(&s.duo, &s.got_eof, 2000));
	assert_true(s.outputs_ended);
	clear(&s);
}

static void
a_terminal_ends_with_its_last_program(void **state)
{
	struct stage s;
	int master, slave;

	(void)state;
	open_stage(&s);
	master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	attach(&s, master, master, -1);
	say(slave, "prompt");
	close(slave);
	assert_true(duo_run(&s.duo, &s.got_eof, 2000));
	assert_int_equal(s.bytes_at_eof, 6);
	clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_errors_arrive_apart),
		cmocka_unit_test(the_end_comes_when_both_outputs_have_ended),
		cmocka_unit_test(a_relay_may_be_freed_in_its_callback),
		cmocka_unit_test(bulk_from_a_program_passes_whole),
		cmocka_unit_test(a_peer_that_stops_stops_the_reading_of_pipes),
		cmocka_unit_test(
		    outputs_held_open_by_others_end_when_the_program_is_gone),
		cmocka_unit_test(input_reaches_the_program),
		cmocka_unit_test(
		    a_full_pipe_keeps_the_rest_and_its_order_with_the_end),
		cmocka_unit_test(a_full_pipe_stops_the_window),
		cmocka_unit_test(
		    input_nobody_reads_is_dropped_and_kills_nothing),
		cmocka_unit_test(it_reaches_the_program_after_the_answer),
		cmocka_unit_test(it_is_dropped_where_nobody_reads),
		cmocka_unit_test(a_file_is_refused_and_stays_the_callers),
		cmocka_unit_test(a_socket_is_ended_each_way_alone),
		cmocka_unit_test(a_terminal_ends_with_its_last_program),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
