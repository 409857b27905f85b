/* Peers that come, are read, answered and rested, and go. */
#include "daemon/keyholder/peer.h"

#include "tests/unit/alloc_fail.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct event_base *base;
static struct peer_company company;
static uint8_t room[IPC_ROOM];

static struct {
	unsigned read;
	unsigned swept;
	bool leaves; /* whoever is read leaves */
} told;

static void
on_readable(void *arg, struct peer *peer)
{
	struct ipc_message m;

	(void)arg;
	assert_int_equal(
	    ipc_receive(peer->socket, peer->role, IPC_ROLE_KEYHOLDER, room, &m),
	    SP_OK);
	told.read++;
	if (told.leaves)
		peer_leave(peer);
}

static void
on_swept(void *arg)
{
	(void)arg;
	told.swept++;
}

static const struct peer_owner owner = {
	.readable = on_readable,
	.swept = on_swept,
};

static int
open_company(void **state)
{
	(void)state;
	memset(&told, 0, sizeof told);
	base = event_base_new();
	if (base == NULL ||
	    event_base_priority_init(base, PEER_PRIORITIES) != 0)
		return -1;
	return peer_company_open(&company, base, &owner, NULL) ? 0 : -1;
}

static int
close_company(void **state)
{
	(void)state;
	peer_company_close(&company);
	event_base_free(base);
	return 0;
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static struct peer *
enter(enum ipc_role role, int *far_end)
{
	struct peer *peer;
	int pair[2];

	assert_true(ipc_pair(pair));
	*far_end = pair[1];
	peer = peer_enter(&company, role, 7, pair[0]);
	if (peer == NULL)
		assert_true(alloc_fail_happened());
	return peer;
}

static void
ask(int socket)
{
	assert_int_equal(
	    ipc_send(socket, IPC_SIGN, view_of("x", 1), NULL, 0), SP_OK);
}

static void
answer(struct peer *peer)
{
	static const uint8_t bytes[3000];

	assert_int_equal(
	    buffer_append(&company.answer, view_of(bytes, sizeof bytes)),
	    SP_OK);
	peer_answer(peer, IPC_SIGNED);
	assert_int_equal(buffer_len(&company.answer), 0);
}

static void
who_enters_is_read_and_sessions_are_counted(void **state)
{
	int gate, session;

	(void)state;
	enter(IPC_ROLE_GATE, &gate);
	assert_int_equal(company.sessions, 0);
	enter(IPC_ROLE_SESSION, &session);
	assert_int_equal(company.sessions, 1);
	ask(gate);
	ask(session);
	turn();
	turn();
	assert_int_equal(told.read, 2);
	close(gate);
	close(session);
}

static void
who_leaves_while_he_is_read_is_freed_afterwards(void **state)
{
	int session;

	(void)state;
	enter(IPC_ROLE_SESSION, &session);
	ask(session);
	ask(session);
	told.leaves = true;
	turn();
	turn();
	assert_int_equal(told.read, 1);
	assert_int_equal(told.swept, 1);
	assert_int_equal(company.sessions, 0);
	assert_true(LIST_EMPTY(&company.present));
	assert_true(LIST_EMPTY(&company.gone));
	/* His socket is closed. */
	assert_int_equal(
	    ipc_send(session, IPC_SIGN, view_of("x", 1), NULL, 0), SP_ERR_EOF);
	close(session);
}

static void
who_does_not_read_is_not_read(void **state)
{
	struct ipc_message m;
	struct peer *peer;
	unsigned count = 0;
	int gate;

	(void)state;
	peer = enter(IPC_ROLE_GATE, &gate);
	for (; outbox_is_empty(&peer->answers); count++)
		answer(peer);
	ask(gate);
	turn();
	assert_int_equal(told.read, 0);
	peer_go_on(peer);
	turn();
	assert_int_equal(told.read, 0);
	while (count-- > 0) {
		assert_int_equal(ipc_receive(gate, IPC_ROLE_KEYHOLDER,
				     IPC_ROLE_GATE, room, &m),
		    SP_OK);
		turn();
	}
	turn();
	assert_int_equal(told.read, 1);
	close(gate);
}

static void
who_rests_is_read_when_the_time_is_over(void **state)
{
	struct peer *peer;
	int session;

	(void)state;
	peer = enter(IPC_ROLE_SESSION, &session);
	ask(session);
	peer_rest(peer, 20);
	/* An answer that was in the making ends no rest. */
	answer(peer);
	peer_go_on(peer);
	turn();
	assert_int_equal(told.read, 0);
	while (told.read == 0)
		event_base_loop(base, EVLOOP_ONCE);
	close(session);
}

static void
who_is_gone_when_he_is_answered_leaves(void **state)
{
	struct peer *peer;
	int gate;

	(void)state;
	peer = enter(IPC_ROLE_GATE, &gate);
	close(gate);
	answer(peer);
	assert_true(LIST_EMPTY(&company.present));
	turn();
	assert_int_equal(told.swept, 1);
}

static void
a_sweep_that_is_asked_for_is_told(void **state)
{
	(void)state;
	peer_company_sweep(&company);
	assert_int_equal(told.swept, 0);
	turn();
	assert_int_equal(told.swept, 1);
}

static void
enter_and_leave(void *context)
{
	struct peer_company all;
	int pair[2];

	(void)context;
	assert_true(ipc_pair(pair));
	if (!peer_company_open(&all, base, &owner, NULL)) {
		assert_true(alloc_fail_happened());
		close(pair[0]);
	} else if (peer_enter(&all, IPC_ROLE_GATE, 1, pair[0]) == NULL) {
		assert_true(alloc_fail_happened());
		assert_true(LIST_EMPTY(&all.present));
	}
	peer_company_close(&all);
	/* The socket was taken, whatever came of it. */
	assert_int_equal(
	    ipc_send(pair[1], IPC_SIGN, view_of("x", 1), NULL, 0), SP_ERR_EOF);
	close(pair[1]);
}

static void
without_memory_nobody_enters_and_no_socket_is_left(void **state)
{
	(void)state;
	alloc_fail_each(enter_and_leave, NULL);
}

#define COMPANY(test) \
	cmocka_unit_test_setup_teardown(test, open_company, close_company)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		COMPANY(who_enters_is_read_and_sessions_are_counted),
		COMPANY(who_leaves_while_he_is_read_is_freed_afterwards),
		COMPANY(who_does_not_read_is_not_read),
		COMPANY(who_rests_is_read_when_the_time_is_over),
		COMPANY(who_is_gone_when_he_is_answered_leaves),
		COMPANY(a_sweep_that_is_asked_for_is_told),
		COMPANY(without_memory_nobody_enters_and_no_socket_is_left),
	};

	alloc_fail_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
