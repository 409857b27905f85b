/* The pump: bytes both ways, ends of every kind, nothing while idle. */
#include "lib/pump/pump.h"

#include "lib/wire/view.h"
#include "tests/unit/pump/duo.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void
two_pumps_log_in(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_login(&d);
	assert_int_equal(d.sides[SP_SERVER].count[SP_EVENT_KEX_DONE], 1);
	duo_clear(&d);
}

/* ---- questions ---- */

struct held {
	bool is_asked;
	enum sp_event_kind kind;
	sp_token token;
};

static bool
hold_question(struct duo *d, enum sp_role side, const struct sp_event *event)
{
	struct held *held = d->arg;

	if (side != SP_SERVER || event->kind != held->kind)
		return false;
	held->is_asked = true;
	held->token = event->token;
	return true;
}

static void
a_question_may_be_answered_later(void **state)
{
	struct held held = { .kind = SP_EVENT_AUTH_REQUEST };
	struct duo d;

	(void)state;
	duo_init(&d);
	d.hook = hold_question;
	d.arg = &held;
	assert_true(duo_run(&d, &held.is_asked, 2000));
	duo_wait(&d, 20);
	assert_int_equal(d.sides[SP_SERVER].count[SP_EVENT_AUTHENTICATED], 0);
	assert_int_equal(
	    sp_auth_accept(duo_engine(&d, SP_SERVER), held.token), SP_OK);
	pump_kick(d.sides[SP_SERVER].pump);
	duo_login(&d);
	duo_clear(&d);
}

static void
a_hang_up_is_noticed_while_a_question_is_open(void **state)
{
	struct held held = { .kind = SP_EVENT_AUTH_REQUEST };
	struct duo d;

	(void)state;
	duo_init(&d);
	d.hook = hold_question;
	d.arg = &held;
	assert_true(duo_run(&d, &held.is_asked, 2000));
	pump_free(d.sides[SP_CLIENT].pump);
	d.sides[SP_CLIENT].pump = NULL;
	assert_true(duo_run(&d, &d.sides[SP_SERVER].is_over, 2000));
	assert_int_equal(d.sides[SP_SERVER].closed, SP_ERR_EOF);
	assert_int_equal(d.sides[SP_SERVER].count[SP_EVENT_CLOSED], 1);
	duo_clear(&d);
}

/* ---- ends ---- */

static void
the_last_words_are_sent_before_it_is_over(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_login(&d);
	sp_engine_disconnect(duo_engine(&d, SP_SERVER), 11, "enough");
	pump_kick(d.sides[SP_SERVER].pump);
	assert_true(duo_run(&d, &d.sides[SP_CLIENT].is_over, 2000));
	assert_int_equal(d.sides[SP_CLIENT].closed, SP_ERR_DISCONNECTED);
	pump_free(d.sides[SP_CLIENT].pump);
	d.sides[SP_CLIENT].pump = NULL;
	assert_true(duo_run(&d, &d.sides[SP_SERVER].is_over, 500));
	duo_clear(&d);
}

/* The client's socket is ours: it does not see that it was sent away. */
static int
disconnect_a_deaf_client(struct duo *d, struct sp_engine **client)
{
	int socket;

	duo_init(d);
	duo_login(d);
	pump_release(d->sides[SP_CLIENT].pump, &socket, client);
	d->sides[SP_CLIENT].pump = NULL;
	sp_engine_disconnect(duo_engine(d, SP_SERVER), 11, "enough");
	pump_kick(d->sides[SP_SERVER].pump);
	return socket;
}

/* It writes on where a reset would cost it the reason. */
static void
the_last_words_reach_a_peer_that_still_sends(void **state)
{
	static const uint8_t bytes[50000];
	uint8_t got[4096];
	struct sp_engine *client;
	struct duo d;
	int socket;

	(void)state;
	socket = disconnect_a_deaf_client(&d, &client);
	for (int i = 0; i < 5; i++) {
		duo_wait(&d, 10);
		assert_true(
		    send(socket, bytes, sizeof bytes, MSG_NOSIGNAL) > 0);
	}
	assert_false(d.sides[SP_SERVER].is_over);
	assert_true(recv(socket, got, sizeof got, 0) > 0);
	assert_int_equal(recv(socket, got, sizeof got, 0), 0);
	close(socket);
	assert_true(duo_run(&d, &d.sides[SP_SERVER].is_over, 500));
	sp_engine_free(client);
	duo_clear(&d);
}

static void
who_sends_on_and_never_goes_has_a_second(void **state)
{
	static const uint8_t bytes[4096];
	uint64_t before = pump_now();
	struct sp_engine *client;
	struct duo d;
	int socket;

	(void)state;
	socket = disconnect_a_deaf_client(&d, &client);
	while (!d.sides[SP_SERVER].is_over && pump_now() - before < 5000) {
		if (send(socket, bytes, sizeof bytes,
			MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			assert_int_equal(errno, EAGAIN);
		duo_wait(&d, 5);
	}
	assert_true(d.sides[SP_SERVER].is_over);
	assert_in_range(pump_now() - before, 900, 3000);
	close(socket);
	sp_engine_free(client);
	duo_clear(&d);
}

static void
what_is_no_ssh_ends_it(void **state)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char answer[512];
	struct duo d;
	int peer;

	(void)state;
	peer = duo_init_server(&d);
	assert_int_equal(
	    send(peer, request, sizeof request - 1, 0), sizeof request - 1);
	assert_true(duo_run(&d, &d.sides[SP_SERVER].is_over, 2000));
	assert_int_equal(d.sides[SP_SERVER].closed, SP_ERR_IDENTIFICATION);
	assert_true(recv(peer, answer, sizeof answer, 0) > 8);
	assert_memory_equal(answer, "SSH-2.0-", 8);
	close(peer);
	duo_clear(&d);
}

static void
an_end_of_input_ends_it_in_every_phase(void **state)
{
	static const char identification[] = "SSH-2.0-test\r\n";

	(void)state;
	for (size_t len = 0; len < sizeof identification; len++) {
		struct duo d;
		int peer = duo_init_server(&d);

		assert_int_equal(
		    send(peer, identification, len, 0), (ssize_t)len);
		shutdown(peer, SHUT_WR);
		assert_true(duo_run(&d, &d.sides[SP_SERVER].is_over, 2000));
		assert_int_equal(d.sides[SP_SERVER].closed, SP_ERR_EOF);
		close(peer);
		duo_clear(&d);
	}
}

static bool
free_in_callback(struct duo *d, enum sp_role side, const struct sp_event *event)
{
	bool *is_freed = d->arg;

	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST)
		return false;
	pump_free(d->sides[side].pump);
	d->sides[side].pump = NULL;
	*is_freed = true;
	return true;
}

static void
a_pump_may_be_freed_inside_its_callback(void **state)
{
	bool is_freed = false;
	struct duo d;

	(void)state;
	duo_init(&d);
	d.hook = free_in_callback;
	d.arg = &is_freed;
	assert_true(duo_run(&d, &is_freed, 2000));
	assert_true(duo_run(&d, &d.sides[SP_CLIENT].is_over, 2000));
	assert_int_equal(d.sides[SP_CLIENT].closed, SP_ERR_EOF);
	duo_clear(&d);
}

static void
what_is_released_goes_on_elsewhere(void **state)
{
	struct sp_engine *engine;
	struct duo d;
	int socket;

	(void)state;
	duo_init(&d);
	duo_login(&d);
	pump_release(d.sides[SP_SERVER].pump, &socket, &engine);
	d.sides[SP_SERVER].pump = NULL;
	duo_wait(&d, 20);
	assert_false(d.sides[SP_CLIENT].is_over);
	sp_engine_free(engine);
	close(socket);
	assert_true(duo_run(&d, &d.sides[SP_CLIENT].is_over, 2000));
	duo_clear(&d);
}

static bool
free_both(struct duo *d, enum sp_role side, const struct sp_event *event)
{
	(void)side;
	if (event->kind != SP_EVENT_KEX_DONE)
		return false;
	for (int i = 0; i < 2; i++) {
		pump_free(d->sides[i].pump);
		d->sides[i].pump = NULL;
	}
	return true;
}

static void
so_may_the_other_one(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	d.hook = free_both;
	duo_wait(&d, 100);
	assert_null(d.sides[SP_CLIENT].pump);
	assert_false(d.sides[SP_CLIENT].is_over);
	duo_clear(&d);
}

static bool
release_and_kick(struct duo *d, enum sp_role side, const struct sp_event *event)
{
	struct pump *pump = d->sides[side].pump;
	struct sp_engine *engine;
	bool *is_released = d->arg;
	int socket;

	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST)
		return false;
	pump_kick(pump); /* nothing: it runs already */
	pump_release(pump, &socket, &engine);
	d->sides[side].pump = NULL;
	sp_engine_free(engine);
	close(socket);
	*is_released = true;
	return true;
}

static void
it_may_be_released_inside_its_callback(void **state)
{
	bool is_released = false;
	struct duo d;

	(void)state;
	duo_init(&d);
	d.hook = release_and_kick;
	d.arg = &is_released;
	assert_true(duo_run(&d, &is_released, 2000));
	assert_true(duo_run(&d, &d.sides[SP_CLIENT].is_over, 2000));
	duo_clear(&d);
}

static void
what_ended_the_socket_is_told_with_a_question_open(void **state)
{
	struct held held = { .kind = SP_EVENT_AUTH_REQUEST };
	struct duo d;
	int peer;

	(void)state;
	duo_init(&d);
	d.hook = hold_question;
	d.arg = &held;
	assert_true(duo_run(&d, &held.is_asked, 2000));
	/* What it was sent and never read makes its close a reset. */
	assert_int_equal(sp_auth_banner(duo_engine(&d, SP_SERVER), "x"), SP_OK);
	peer = pump_socket(d.sides[SP_CLIENT].pump);
	shutdown(peer, SHUT_RD);
	pump_free(d.sides[SP_CLIENT].pump);
	d.sides[SP_CLIENT].pump = NULL;
	pump_kick(d.sides[SP_SERVER].pump);
	assert_true(duo_run(&d, &d.sides[SP_SERVER].is_over, 2000));
	assert_int_not_equal(d.sides[SP_SERVER].error, 0);
	duo_clear(&d);
}

/* ---- peers that do not read ---- */

static void
last_words_nobody_reads_are_waited_for_so_long(void **state)
{
	static const uint8_t bytes[1 << 16];
	size_t taken = 1;
	struct sp_engine *client;
	uint32_t channel;
	uint64_t before;
	struct duo d;
	int socket;

	(void)state;
	duo_init(&d);
	duo_login(&d);
	channel = duo_open_session(&d);
	pump_set_linger(d.sides[SP_SERVER].pump, 100);
	pump_release(d.sides[SP_CLIENT].pump, &socket, &client);
	d.sides[SP_CLIENT].pump = NULL;
	for (int i = 0; i < 100 && taken > 0; i++) {
		assert_int_equal(
		    sp_channel_write(duo_engine(&d, SP_SERVER), channel, 0,
			view_of(bytes, sizeof bytes), &taken),
		    SP_OK);
		pump_kick(d.sides[SP_SERVER].pump);
	}
	before = pump_now();
	sp_engine_disconnect(duo_engine(&d, SP_SERVER), 11, "enough");
	pump_kick(d.sides[SP_SERVER].pump);
	assert_false(d.sides[SP_SERVER].is_over);
	assert_true(duo_run(&d, &d.sides[SP_SERVER].is_over, 2000));
	assert_true(pump_now() - before >= 100);
	sp_engine_free(client);
	close(socket);
	duo_clear(&d);
}

/* A client's requests, and its end right behind them. */
static void
ask_much_and_hang_up(struct duo *d, unsigned count)
{
	struct sp_engine *client = duo_engine(d, SP_CLIENT);
	int socket = pump_socket(d->sides[SP_CLIENT].pump);
	struct sp_view out;

	for (unsigned i = 0; i < count; i++)
		assert_int_equal(
		    sp_global_request(client, "any", true, view_of(NULL, 0)),
		    SP_OK);
	out = sp_engine_output(client);
	assert_int_equal(send(socket, out.data, out.len, 0), (ssize_t)out.len);
	sp_engine_output_sent(client, out.len);
	shutdown(socket, SHUT_WR);
}

static bool
answer_at_length(struct duo *d, enum sp_role side, const struct sp_event *event)
{
	static const uint8_t bytes[2000];

	if (side != SP_SERVER || event->kind != SP_EVENT_GLOBAL_REQUEST)
		return false;
	assert_int_equal(sp_global_answer(duo_engine(d, side), event->token,
			     true, view_of(bytes, sizeof bytes)),
	    SP_OK);
	return true;
}

/* The server's answers fill the socket while its input has ended. */
static void
what_was_sent_before_a_hang_up_is_read_though_output_waits(void **state)
{
	enum { COUNT = 2000 };
	int size = 4096;
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_login(&d);
	assert_int_equal(setsockopt(pump_socket(d.sides[SP_SERVER].pump),
			     SOL_SOCKET, SO_SNDBUF, &size, sizeof size),
	    0);
	d.hook = answer_at_length;
	ask_much_and_hang_up(&d, COUNT);
	assert_true(duo_run(&d, &d.sides[SP_CLIENT].is_over, 3000));
	assert_int_equal(
	    d.sides[SP_SERVER].count[SP_EVENT_GLOBAL_REQUEST], COUNT);
	assert_int_equal(
	    d.sides[SP_CLIENT].count[SP_EVENT_GLOBAL_REPLY], COUNT);
	assert_true(d.sides[SP_SERVER].is_over);
	duo_clear(&d);
}

/* ---- waiters ---- */

struct stubborn {
	struct pump_waiter waiter;
	struct pump *pump;
	unsigned count;
};

static void
wait_again(struct pump_waiter *waiter)
{
	struct stubborn *s = (struct stubborn *)waiter;

	s->count++;
	pump_wait(s->pump, waiter);
	pump_wait(s->pump, waiter);
}

static void
who_waits_for_ever_keeps_nobody(void **state)
{
	struct stubborn all[3];
	struct duo d;

	(void)state;
	duo_init(&d);
	duo_login(&d);
	for (int i = 0; i < 3; i++) {
		all[i] = (struct stubborn){ .waiter.resume = wait_again,
			.pump = d.sides[SP_SERVER].pump };
		pump_wait(all[i].pump, &all[i].waiter);
	}
	duo_open_session(&d);
	for (int i = 0; i < 3; i++) {
		assert_true(all[i].count > 0 && all[i].count < 10);
		pump_unwait(all[i].pump, &all[i].waiter);
		pump_unwait(all[i].pump, &all[i].waiter);
	}
	duo_clear(&d);
}

/* ---- back-pressure ---- */

struct flood {
	struct pump_waiter waiter;
	struct duo *duo;
	uint32_t channel;
	uint64_t left;
};

/* Writes as long as the engine takes any. */
static void
pour(struct pump_waiter *waiter)
{
	static const uint8_t bytes[32768];
	struct flood *f = (struct flood *)waiter;
	struct pump *pump = f->duo->sides[SP_SERVER].pump;
	size_t taken = 1;

	while (f->left > 0 && taken > 0) {
		size_t len = f->left < sizeof bytes ? f->left : sizeof bytes;

		assert_int_equal(sp_channel_write(pump_engine(pump), f->channel,
				     0, view_of(bytes, len), &taken),
		    SP_OK);
		f->left -= taken;
	}
	if (f->left > 0)
		pump_wait(pump, waiter);
}

static void
pour_turn(void *arg)
{
	pour(arg);
}

static bool
pour_when_writable(
    struct duo *d, enum sp_role side, const struct sp_event *event)
{
	struct flood *f = d->arg;

	if (side != SP_SERVER || event->kind != SP_EVENT_CHANNEL_WRITABLE)
		return false;
	pump_unwait(d->sides[side].pump, &f->waiter);
	pour(&f->waiter);
	return true;
}

static void
bulk_passes_whole(void **state)
{
	enum { TOTAL = 64 * 1024 * 1024 };
	struct flood f = { .waiter.resume = pour, .left = TOTAL };
	struct duo d;

	(void)state;
	duo_init(&d);
	d.hook = pour_when_writable;
	d.arg = &f;
	duo_login(&d);
	f.duo = &d;
	f.channel = duo_open_session(&d);
	pump_turn(d.sides[SP_SERVER].pump, pour_turn, &f);
	for (int i = 0; i < 500 && d.sides[SP_CLIENT].received < TOTAL; i++)
		duo_wait(&d, 20);
	assert_true(d.sides[SP_CLIENT].received == TOTAL);
	duo_clear(&d);
}

static bool
never_take(struct duo *d, enum sp_role side, const struct sp_event *event)
{
	if (side != SP_CLIENT || event->kind != SP_EVENT_CHANNEL_DATA)
		return false;
	sp_channel_took(duo_engine(d, side), event->channel, 0);
	return true;
}

static void
a_reader_that_stops_stops_the_writer(void **state)
{
	enum { TOTAL = 64 * 1024 * 1024, BOUND = 4 * 1024 * 1024 };
	struct flood f = { .waiter.resume = pour, .left = TOTAL };
	struct duo d;

	(void)state;
	duo_init(&d);
	d.hook = never_take;
	duo_login(&d);
	f.duo = &d;
	f.channel = duo_open_session(&d);
	pump_turn(d.sides[SP_SERVER].pump, pour_turn, &f);
	duo_wait(&d, 300);
	assert_true(f.left > TOTAL - BOUND);
	assert_false(d.sides[SP_SERVER].is_over);
	pump_unwait(d.sides[SP_SERVER].pump, &f.waiter);
	duo_clear(&d);
}

/* ---- idleness ---- */

static uint64_t
cpu_us(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
	    (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

/* Longer than it takes to go quiet, twice. */
static void
an_idle_connection_does_nothing(void **state)
{
	struct duo d;
	uint64_t before;

	(void)state;
	duo_init(&d);
	duo_login(&d);
	duo_wait(&d, 1200);
	before = cpu_us();
	duo_wait(&d, 1000);
	assert_true(cpu_us() - before < 5000);
	duo_clear(&d);
}

/*
 * It comes in one edge with the bytes before it, which are less than was asked
 * for: all that is left is to look once more.
 */
static void
a_reset_behind_the_last_bytes_is_noticed(void **state)
{
	struct sp_engine *client;
	struct duo d;
	uint32_t channel;
	size_t taken;
	int socket;

	(void)state;
	duo_init(&d);
	duo_login(&d);
	channel = duo_open_session(&d);
	pump_release(d.sides[SP_CLIENT].pump, &socket, &client);
	d.sides[SP_CLIENT].pump = NULL;
	/* To close a socket with something unread in it resets the other. */
	assert_int_equal(sp_channel_write(duo_engine(&d, SP_SERVER), channel, 0,
			     view_of("x", 1), &taken),
	    SP_OK);
	pump_kick(d.sides[SP_SERVER].pump);
	duo_wait(&d, 20);
	assert_int_equal(send(socket, "x", 1, MSG_NOSIGNAL), 1);
	close(socket);
	assert_true(duo_run(&d, &d.sides[SP_SERVER].is_over, 3000));
	assert_int_equal(d.sides[SP_SERVER].error, ECONNRESET);
	sp_engine_free(client);
	duo_clear(&d);
}

/* An unread byte and a reset, with nobody reading, are no busy loop. */
static void
a_held_question_with_input_waiting_does_nothing(void **state)
{
	struct held held = { .kind = SP_EVENT_AUTH_REQUEST };
	struct duo d;
	uint64_t before;

	(void)state;
	duo_init(&d);
	d.hook = hold_question;
	d.arg = &held;
	assert_true(duo_run(&d, &held.is_asked, 2000));
	assert_int_equal(
	    send(pump_socket(d.sides[SP_CLIENT].pump), "x", 1, 0), 1);
	before = cpu_us();
	duo_wait(&d, 500);
	assert_true(cpu_us() - before < 5000);
	assert_false(d.sides[SP_SERVER].is_over);
	duo_clear(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_pumps_log_in),
		cmocka_unit_test(a_question_may_be_answered_later),
		cmocka_unit_test(a_hang_up_is_noticed_while_a_question_is_open),
		cmocka_unit_test(the_last_words_are_sent_before_it_is_over),
		cmocka_unit_test(the_last_words_reach_a_peer_that_still_sends),
		cmocka_unit_test(who_sends_on_and_never_goes_has_a_second),
		cmocka_unit_test(what_is_no_ssh_ends_it),
		cmocka_unit_test(an_end_of_input_ends_it_in_every_phase),
		cmocka_unit_test(a_pump_may_be_freed_inside_its_callback),
		cmocka_unit_test(what_is_released_goes_on_elsewhere),
		cmocka_unit_test(so_may_the_other_one),
		cmocka_unit_test(it_may_be_released_inside_its_callback),
		cmocka_unit_test(
		    what_ended_the_socket_is_told_with_a_question_open),
		cmocka_unit_test(
		    last_words_nobody_reads_are_waited_for_so_long),
		cmocka_unit_test(
		    what_was_sent_before_a_hang_up_is_read_though_output_waits),
		cmocka_unit_test(who_waits_for_ever_keeps_nobody),
		cmocka_unit_test(bulk_passes_whole),
		cmocka_unit_test(a_reader_that_stops_stops_the_writer),
		cmocka_unit_test(an_idle_connection_does_nothing),
		cmocka_unit_test(a_reset_behind_the_last_bytes_is_noticed),
		cmocka_unit_test(
		    a_held_question_with_input_waiting_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
