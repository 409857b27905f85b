/* What a login makes of a ledger's answer, and of none. */
#include "daemon/login/checkin.h"

#include "daemon/ipc/ipc.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const struct lodging lodging = {
	.identity = { (const uint8_t *)"alice", 5 },
	.max = 2,
};

static uint64_t
in_ms(uint64_t ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ms + (uint64_t)now.tv_sec * 1000 +
	    (uint64_t)now.tv_nsec / 1000000;
}

/* Answers one question so, IPC_NONE with silence, and ends. */
static pid_t
start_ledger(int *login, enum ipc_type answer)
{
	static uint8_t room[IPC_ROOM];
	struct ipc_message message;
	struct lodging got;
	int pair[2];
	pid_t pid;

	assert_true(ipc_pair(pair));
	pid = fork();
	assert_true(pid >= 0);
	*login = pair[0];
	if (pid > 0) {
		close(pair[1]);
		return pid;
	}
	close(pair[0]);
	if (!ipc_wait(pair[1], in_ms(10000)) ||
	    ipc_receive(pair[1], IPC_ROLE_LOGIN, IPC_ROLE_LEDGER, room,
		&message) != SP_OK ||
	    lodging_decode(message.body, &got) != SP_OK ||
	    !view_equal_string(got.identity, "alice") || got.max != 2)
		_exit(EXIT_FAILURE);
	if (answer != IPC_NONE &&
	    ipc_send(message.fds[0], answer, view_of(NULL, 0), NULL, 0) !=
		SP_OK)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

static void
expect(enum ipc_type said, enum checkin expected)
{
	int login, session = -1, status;
	pid_t ledger = start_ledger(&login, said);

	assert_int_equal(
	    checkin_ask(login, &lodging, in_ms(60000), &session), expected);
	assert_int_equal(waitpid(ledger, &status, 0), ledger);
	assert_int_equal(status, 0);
	assert_int_equal(session >= 0, expected == CHECKIN_DONE);
	if (session >= 0)
		close(session);
	close(login);
}

static void
it_is_what_the_ledger_says(void **state)
{
	(void)state;
	expect(IPC_LODGED, CHECKIN_DONE);
	expect(IPC_LODGING_REFUSED, CHECKIN_FULL);
	/* No word, and one that is no answer. */
	expect(IPC_NONE, CHECKIN_UNANSWERED);
	expect(IPC_READY, CHECKIN_UNANSWERED);
}

static void
without_a_ledger_nobody_is_let_in(void **state)
{
	int session = -1, pair[2];

	(void)state;
	assert_int_equal(checkin_ask(-1, &lodging, in_ms(60000), &session),
	    CHECKIN_UNANSWERED);
	assert_true(ipc_pair(pair));
	/* It is there, and says nothing. */
	assert_int_equal(checkin_ask(pair[0], &lodging, in_ms(50), &session),
	    CHECKIN_UNANSWERED);
	close(pair[1]);
	assert_int_equal(checkin_ask(pair[0], &lodging, in_ms(60000), &session),
	    CHECKIN_UNANSWERED);
	close(pair[0]);
	assert_int_equal(session, -1);
}

static void
a_queue_that_is_full_is_waited_for_until_the_time_is_up(void **state)
{
	int session = -1, pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	while (ipc_send(pair[0], IPC_READY, view_of(NULL, 0), NULL, 0) == SP_OK)
		continue;
	assert_int_equal(checkin_ask(pair[0], &lodging, in_ms(50), &session),
	    CHECKIN_UNANSWERED);
	close(pair[0]);
	close(pair[1]);
}

static void
only_who_has_a_limit_needs_a_ledger(void **state)
{
	struct profile_settings profiles[2] = { { 0 } };
	const struct access_settings access = {
		.profiles = profiles,
		.profile_count = 2,
	};

	(void)state;
	assert_false(checkin_is_wanted(&access));
	profiles[1].sessions_per_identity = 1;
	assert_true(checkin_is_wanted(&access));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_the_ledger_says),
		cmocka_unit_test(without_a_ledger_nobody_is_let_in),
		cmocka_unit_test(
		    a_queue_that_is_full_is_waited_for_until_the_time_is_up),
		cmocka_unit_test(only_who_has_a_limit_needs_a_ledger),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
