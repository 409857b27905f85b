/* A ledger at work: what it is told becomes what all others read. */
#include "daemon/ledger/bookkeeper.h"

#include "daemon/ipc/arrears.h"
#include "daemon/ipc/control.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SECOND = 1000, PATIENCE = 10 * SECOND };

static const struct cidr exempt = {
	.address = { { [10] = 0xff, [11] = 0xff, 127 } },
	.bits = 104,
};
static const struct ledger_settings settings = {
	.penalties = {
		.are_on = true,
		.crash = 90 * SECOND,
		.authfail = 5 * SECOND,
		.noauth = SECOND,
		.grace_exceeded = 10 * SECOND,
		.min = 15 * SECOND,
		.max = 600 * SECOND,
		.max_known = 30 * SECOND,
		.known_time = 86400 * SECOND,
		.exempt = { .items = &exempt, .count = 1 },
	},
};
static uint8_t room[IPC_ROOM];

struct scene {
	int whole, view;
	int supervisor;
	pid_t ledger;
	struct arrears gate; /* what gates see */
};

static void
start_ledger(struct scene *s)
{
	struct ipc_message message;
	int pair[2];

	assert_true(ipc_pair(pair));
	s->ledger = fork();
	assert_true(s->ledger >= 0);
	if (s->ledger == 0) {
		const struct bookkeeper_given given = {
			.base = event_base_new(),
			.settings = &settings,
			.control = pair[1],
		};

		close(pair[0]);
		_exit(bookkeeper_serve(&given) ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(pair[1]);
	s->supervisor = pair[0];
	assert_true(ipc_wait(pair[0], UINT64_MAX));
	assert_int_equal(ipc_receive(pair[0], IPC_ROLE_LEDGER,
			     IPC_ROLE_SUPERVISOR, room, &message),
	    SP_OK);
	assert_int_equal(message.type, IPC_READY);
	assert_int_equal(ipc_send(s->supervisor, IPC_ARREARS, view_of(NULL, 0),
			     &s->whole, 1),
	    SP_OK);
}

static void
init(struct scene *s)
{
	memset(s, 0, sizeof *s);
	assert_true(arrears_make(&s->whole, &s->view));
	start_ledger(s);
	assert_true(arrears_open(&s->gate, dup(s->view), false));
}

static int
end_of(struct scene *s)
{
	int status;

	assert_int_equal(waitpid(s->ledger, &status, 0), s->ledger);
	close(s->supervisor);
	return status;
}

static int
retire(struct scene *s)
{
	assert_int_equal(
	    ipc_send(s->supervisor, IPC_RETIRE, view_of(NULL, 0), NULL, 0),
	    SP_OK);
	return end_of(s);
}

static void
clear(struct scene *s)
{
	assert_int_equal(retire(s), 0);
	arrears_close(&s->gate);
	close(s->whole);
	close(s->view);
}

static int
introduce(const struct scene *s, enum ipc_role role)
{
	const struct control_peer peer = { .role = role, .id = 1, .parts = 1 };
	struct buffer body;
	int pair[2];

	assert_true(ipc_pair(pair));
	buffer_init(&body, 64);
	assert_int_equal(control_peer_encode(&peer, &body), SP_OK);
	assert_int_equal(
	    ipc_send(s->supervisor, IPC_PEER, buffer_view(&body), &pair[1], 1),
	    SP_OK);
	buffer_clear(&body);
	close(pair[1]);
	return pair[0];
}

static struct cidr_address
source(uint8_t first, uint8_t last)
{
	return (struct cidr_address){
		{ [10] = 0xff, [11] = 0xff, first, 0, 2, last },
	};
}

static void
tell(int socket, enum conduct_kind kind, struct cidr_address address)
{
	struct conduct conduct = { .kind = kind };
	struct buffer body;

	memcpy(conduct.address, address.bytes, sizeof conduct.address);
	buffer_init(&body, 32);
	assert_int_equal(conduct_encode(&conduct, &body), SP_OK);
	assert_int_equal(
	    ipc_send(socket, IPC_CONDUCT, buffer_view(&body), NULL, 0), SP_OK);
	buffer_clear(&body);
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool
is_refused(const struct scene *s, struct cidr_address address)
{
	const struct arrears_account account =
	    arrears_find(&s->gate, address.bytes);

	return account.is_enforced && account.until > now_ms();
}

/* What is told on one socket is taken in its order. */
static void
wait_for_crash(const struct scene *s, int login, uint8_t last)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t deadline = now_ms() + PATIENCE;

	tell(login, CONDUCT_CRASH, source(203, last));
	while (!is_refused(s, source(203, last)) && now_ms() < deadline)
		nanosleep(&pause, NULL);
	assert_true(is_refused(s, source(203, last)));
}

static void
who_fails_often_is_refused_and_nobody_else(void **state)
{
	struct scene s;
	int login;

	(void)state;
	init(&s);
	login = introduce(&s, IPC_ROLE_LOGIN);
	tell(login, CONDUCT_AUTHFAIL, source(192, 1));
	tell(login, CONDUCT_AUTHFAIL, source(192, 1));
	for (int i = 0; i < 4; i++) {
		tell(login, CONDUCT_AUTHFAIL, source(192, 2));
		tell(login, CONDUCT_AUTHFAIL, source(127, 1));
	}
	wait_for_crash(&s, login, 1);
	assert_false(is_refused(&s, source(192, 1)));
	assert_true(is_refused(&s, source(192, 2)));
	assert_false(is_refused(&s, source(127, 1)));
	tell(login, CONDUCT_SUCCESS, source(192, 2));
	wait_for_crash(&s, login, 2);
	/* Who has a login does not pay for guesses with it. */
	assert_true(is_refused(&s, source(192, 2)));
	close(login);
	clear(&s);
}

static void
a_gate_is_believed_what_it_can_know(void **state)
{
	struct scene s;
	int gate, login;

	(void)state;
	init(&s);
	gate = introduce(&s, IPC_ROLE_GATE);
	login = introduce(&s, IPC_ROLE_LOGIN);
	for (int i = 0; i < 10; i++)
		tell(gate, CONDUCT_AUTHFAIL, source(192, 1));
	tell(gate, CONDUCT_CRASH, source(192, 1));
	tell(gate, CONDUCT_GRACE_EXCEEDED, source(192, 2));
	tell(gate, CONDUCT_GRACE_EXCEEDED, source(192, 2));
	wait_for_crash(&s, login, 1);
	wait_for_crash(&s, login, 2);
	assert_false(is_refused(&s, source(192, 1)));
	assert_true(is_refused(&s, source(192, 2)));
	close(gate);
	close(login);
	clear(&s);
}

/* Its own socket ends, and nobody else's. */
static void
who_breaks_the_rules_is_heard_no_more(void **state)
{
	struct ipc_message message;
	struct scene s;
	int gate, login;

	(void)state;
	init(&s);
	gate = introduce(&s, IPC_ROLE_GATE);
	login = introduce(&s, IPC_ROLE_LOGIN);
	assert_int_equal(
	    ipc_send(gate, IPC_CONDUCT, view_of("x", 1), NULL, 0), SP_OK);
	assert_true(ipc_wait(gate, now_ms() + PATIENCE));
	assert_int_equal(
	    ipc_receive(gate, IPC_ROLE_LEDGER, IPC_ROLE_GATE, room, &message),
	    SP_ERR_EOF);
	wait_for_crash(&s, login, 1);
	close(gate);
	gate = introduce(&s, IPC_ROLE_GATE);
	assert_int_equal(ipc_send(gate, IPC_SPAWN, view_of("x", 1),
			     (const int[]){ 0, 1 }, 2),
	    SP_OK);
	assert_true(ipc_wait(gate, now_ms() + PATIENCE));
	assert_int_equal(
	    ipc_receive(gate, IPC_ROLE_LEDGER, IPC_ROLE_GATE, room, &message),
	    SP_ERR_EOF);
	wait_for_crash(&s, login, 2);
	close(gate);
	close(login);
	clear(&s);
}

static void
what_was_written_outlives_who_wrote(void **state)
{
	struct scene s;
	int login;

	(void)state;
	init(&s);
	login = introduce(&s, IPC_ROLE_LOGIN);
	wait_for_crash(&s, login, 1);
	assert_int_equal(kill(s.ledger, SIGKILL), 0);
	assert_true(WIFSIGNALED(end_of(&s)));
	assert_true(is_refused(&s, source(203, 1)));
	close(login);
	start_ledger(&s);
	login = introduce(&s, IPC_ROLE_LOGIN);
	wait_for_crash(&s, login, 2);
	assert_true(is_refused(&s, source(203, 1)));
	close(login);
	clear(&s);
}

static void
what_was_said_by_then_is_written_before_the_end(void **state)
{
	struct scene s;
	int login;

	(void)state;
	init(&s);
	login = introduce(&s, IPC_ROLE_LOGIN);
	wait_for_crash(&s, login, 1);
	for (uint8_t i = 10; i < 60; i++)
		tell(login, CONDUCT_CRASH, source(192, i));
	assert_int_equal(retire(&s), 0);
	for (uint8_t i = 10; i < 60; i++)
		assert_true(is_refused(&s, source(192, i)));
	close(login);
	start_ledger(&s);
	clear(&s);
}

static void
without_a_supervisor_it_ends(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	close(s.supervisor);
	s.supervisor = -1;
	assert_int_equal(end_of(&s), 0);
	start_ledger(&s);
	clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_fails_often_is_refused_and_nobody_else),
		cmocka_unit_test(a_gate_is_believed_what_it_can_know),
		cmocka_unit_test(who_breaks_the_rules_is_heard_no_more),
		cmocka_unit_test(what_was_written_outlives_who_wrote),
		cmocka_unit_test(
		    what_was_said_by_then_is_written_before_the_end),
		cmocka_unit_test(without_a_supervisor_it_ends),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
