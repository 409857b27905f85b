/* A session's log socket: it leads elsewhere than its login's. */
#include "daemon/login/sessionlog.h"

#include "daemon/ipc/ipc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t room[IPC_ROOM];
static int login[2]; /* the supervisor's end, and the login's */

static int
set_up(void **state)
{
	(void)state;
	return ipc_pair(login) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	if (login[0] >= 0)
		close(login[0]);
	close(login[1]);
	return 0;
}

/* The supervisor's end of the session's. */
static int
take_session(void)
{
	struct ipc_message message;

	assert_int_equal(ipc_receive(login[0], IPC_ROLE_LOGIN,
			     IPC_ROLE_SUPERVISOR, room, &message),
	    SP_OK);
	assert_int_equal(message.type, IPC_SESSION_LOG);
	return message.fds[0];
}

static void
what_a_session_says_goes_its_own_way(void **state)
{
	struct ipc_message message;
	int session = sessionlog_open(login[1]);
	int end = take_session();

	(void)state;
	assert_true(session >= 0);
	assert_true(sessionlog_take(session, login[1]));
	assert_int_equal(fcntl(session, F_GETFD), -1);
	assert_int_equal(fcntl(login[1], F_GETFD), FD_CLOEXEC);
	assert_int_equal(
	    ipc_send(login[1], IPC_LOG, view_of_string("hello"), NULL, 0),
	    SP_OK);
	assert_int_equal(ipc_receive(end, IPC_ROLE_SESSION, IPC_ROLE_SUPERVISOR,
			     room, &message),
	    SP_OK);
	assert_true(view_equal_string(message.body, "hello"));
	close(end);
}

static void
a_session_may_send_on_no_other(void **state)
{
	int session = sessionlog_open(login[1]);
	int end = take_session();
	struct ipc_message message;

	(void)state;
	assert_int_equal(
	    ipc_send(session, IPC_SESSION_LOG, view_of(NULL, 0), &end, 1),
	    SP_OK);
	assert_int_equal(ipc_receive(end, IPC_ROLE_SESSION, IPC_ROLE_SUPERVISOR,
			     room, &message),
	    SP_ERR_UNEXPECTED_MESSAGE);
	close(session);
	close(end);
}

static void
what_is_queued_is_bounded(void **state)
{
	static uint8_t bytes[8192];
	int session = sessionlog_open(login[1]);
	int end = take_session();
	enum sp_status status = SP_OK;
	size_t sent = 0;

	(void)state;
	while (status == SP_OK) {
		status = ipc_send(
		    session, IPC_LOG, view_of(bytes, sizeof bytes), NULL, 0);
		sent++;
	}
	assert_int_equal(status, SP_ERR_AGAIN);
	assert_true(sent * sizeof bytes <= 256 * 1024);
	close(session);
	close(end);
}

static void
without_a_supervisor_there_is_a_socket_all_the_same(void **state)
{
	int session;

	(void)state;
	close(login[0]);
	login[0] = -1;
	session = sessionlog_open(login[1]);
	assert_true(session >= 0);
	assert_int_equal(
	    ipc_send(session, IPC_LOG, view_of(NULL, 0), NULL, 0), SP_ERR_EOF);
	close(session);
}

static void
a_queue_that_stays_full_is_no_reason_to_wait_for_ever(void **state)
{
	static uint8_t bytes[8192];

	(void)state;
	while (ipc_send(login[1], IPC_LOG, view_of(bytes, sizeof bytes), NULL,
		   0) == SP_OK)
		continue;
	assert_int_equal(sessionlog_open(login[1]), -1);
}

#define WITH_LOGIN(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOGIN(what_a_session_says_goes_its_own_way),
		WITH_LOGIN(a_session_may_send_on_no_other),
		WITH_LOGIN(what_is_queued_is_bounded),
		WITH_LOGIN(without_a_supervisor_there_is_a_socket_all_the_same),
		WITH_LOGIN(
		    a_queue_that_stays_full_is_no_reason_to_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
