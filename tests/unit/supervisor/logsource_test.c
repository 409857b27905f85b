/* Log sockets: who is believed to be what. */
#include "daemon/supervisor/logsource.h"

#include "daemon/log/log.h"

#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/logsource_test.XXXXXX";
static struct logsource_sink sink;
static char shown[65536];

static int
set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	LIST_INIT(&sink.sources);
	sink.base = event_base_new();
	sink.sessions_max = 2;
	sink.journal = journal_open(path, JOURNAL_JSON, LOG_LEVEL_DEBUG);
	return fd < 0 || sink.base == NULL || sink.journal == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	logsource_close_all(&sink);
	journal_close(sink.journal);
	event_base_free(sink.base);
	return unlink(path);
}

static const char *
take_lines(void)
{
	int fd = open(path, O_RDWR);
	ssize_t len = read(fd, shown, sizeof shown - 1);

	assert_true(len >= 0);
	shown[len] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	return shown;
}

static int
open_source(enum ipc_role role)
{
	const struct line_origin origin = { .role = role, .id = 7 };
	struct logsource *source;
	int end;

	source = logsource_open(&sink, &origin, &end);
	assert_non_null(source);
	logsource_set_pid(source, 4711);
	return end;
}

/* In a child of this uid, which is not that of the daemon. */
static pid_t
say_as(int end, enum log_event event, uid_t uid)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (uid != geteuid() &&
		    (setgroups(0, NULL) != 0 || setuid(uid) != 0))
			_exit(1);
		log_open(end, LOG_LEVEL_DEBUG);
		log_event(event, LOG_FIELDS(log_text(FIELD_USER, "root")));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return pid;
}

static void
a_record_has_the_sender_the_kernel_names(void **state)
{
	char expected[64];
	int end = open_source(IPC_ROLE_GATE);
	pid_t pid = say_as(end, EVENT_CONNECTION_CLOSED, geteuid());

	(void)state;
	logsource_drain(&sink, 0);
	snprintf(expected, sizeof expected,
	    "\"by\":\"gate\",\"pid\":%ld,\"by_number\":7", (long)pid);
	assert_non_null(strstr(take_lines(), expected));
	close(end);
}

static void
a_login_may_say_that_it_accepted(void **state)
{
	int end = open_source(IPC_ROLE_LOGIN);

	(void)state;
	say_as(end, EVENT_AUTH_ACCEPTED, geteuid());
	logsource_drain(&sink, 0);
	assert_non_null(strstr(take_lines(), "\"event\":\"auth_accepted\""));
	close(end);
}

/* As the login does before it is a session: the session's own end. */
static int
open_session(int login)
{
	int pair[2];

	assert_true(ipc_pair(pair));
	assert_int_equal(
	    ipc_send(login, IPC_SESSION_LOG, view_of(NULL, 0), &pair[1], 1),
	    SP_OK);
	close(pair[1]);
	logsource_drain(&sink, 0);
	return pair[0];
}

static void
turn(void)
{
	assert_true(event_base_loop(sink.base, EVLOOP_NONBLOCK) >= 0);
}

static void
who_became_a_user_says_nothing_on_the_logins_socket(void **state)
{
	int end = open_source(IPC_ROLE_LOGIN);

	(void)state;
	if (geteuid() != 0)
		skip();
	say_as(end, EVENT_AUTH_ACCEPTED, 64999);
	say_as(end, EVENT_SESSION_CLOSED, 64999);
	logsource_drain(&sink, 0);
	take_lines();
	assert_null(strstr(shown, "\"event\":\"auth_accepted\""));
	assert_null(strstr(shown, "\"event\":\"session_closed\""));
	assert_non_null(strstr(shown, "\"event\":\"record_refused\""));
	close(end);
}

static void
a_session_is_known_by_its_socket(void **state)
{
	char expected[64];
	int login = open_source(IPC_ROLE_LOGIN);
	int session = open_session(login);

	(void)state;
	say_as(session, EVENT_SESSION_CLOSED, geteuid());
	logsource_drain(&sink, 0);
	snprintf(expected, sizeof expected,
	    "\"by\":\"session\",\"pid\":%ld,\"by_number\":7", (long)getpid());
	assert_non_null(strstr(take_lines(), expected));
	say_as(session, EVENT_AUTH_ACCEPTED, geteuid());
	logsource_drain(&sink, 0);
	take_lines();
	assert_null(strstr(shown, "\"event\":\"auth_accepted\""));
	assert_non_null(strstr(shown, "\"event\":\"record_refused\""));
	close(session);
	close(login);
	turn();
	assert_int_equal(sink.sessions, 0);
}

static void
who_shuts_his_socket_shuts_no_other(void **state)
{
	int login = open_source(IPC_ROLE_LOGIN);
	int session = open_session(login);
	int other = open_session(login);

	(void)state;
	assert_int_equal(shutdown(session, SHUT_RDWR), 0);
	say_as(login, EVENT_AUTH_ACCEPTED, geteuid());
	say_as(other, EVENT_SESSION_CLOSED, geteuid());
	logsource_drain(&sink, 0);
	take_lines();
	assert_non_null(strstr(shown, "auth_accepted"));
	assert_non_null(strstr(shown, "session_closed"));
	turn();
	assert_int_equal(sink.sessions, 1);
	close(session);
	close(other);
	close(login);
	turn();
}

static bool
flood(int session)
{
	static uint8_t bytes[1024];

	for (int i = 0; i < 64; i++)
		if (ipc_send(session, IPC_LOG, view_of(bytes, sizeof bytes),
			NULL, 0) != SP_OK)
			return false;
	return true;
}

static void
who_floods_waits_in_his_own_socket_and_others_do_not(void **state)
{
	int login = open_source(IPC_ROLE_LOGIN);
	int session = open_session(login);
	int other = open_session(login);
	int turns = 0;

	(void)state;
	/* Until nobody takes any more of it. */
	while (turns++ < 10000 && flood(session))
		turn();
	assert_true(turns < 10000);
	take_lines();
	for (int i = 0; i < 10; i++)
		turn();
	say_as(other, EVENT_SESSION_CLOSED, geteuid());
	turn();
	take_lines();
	assert_non_null(strstr(shown, "session_closed"));
	close(session);
	close(other);
	close(login);
	logsource_close_all(&sink);
}

/* So that each line of one who says many wakes nobody. */
static void
who_talks_on_is_heard_now_and_then_and_to_his_end(void **state)
{
	int login = open_source(IPC_ROLE_LOGIN);
	int session = open_session(login);

	(void)state;
	say_as(session, EVENT_SESSION_OPENED, geteuid());
	turn();
	assert_non_null(strstr(take_lines(), "session_opened"));
	for (int i = 0; i < 100; i++) {
		log_open(session, LOG_LEVEL_DEBUG);
		log_event(EVENT_SESSION_CLOSED, NULL, 0);
		turn();
		log_event(EVENT_KEYS_RENEWED, NULL, 0);
		turn();
		/* The second is not heard yet. */
		if (strstr(take_lines(), "keys_renewed") == NULL)
			break;
		assert_true(i < 99);
	}
	log_open(-1, LOG_LEVEL_DEBUG);
	close(session);
	while (sink.sessions > 0)
		assert_int_equal(event_base_loop(sink.base, EVLOOP_ONCE), 0);
	assert_non_null(strstr(take_lines(), "keys_renewed"));
	close(login);
	turn();
}

static void
sessions_beyond_what_there_is_room_for_are_told_of(void **state)
{
	int login = open_source(IPC_ROLE_LOGIN);
	int session[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		session[i] = open_session(login);
	assert_int_equal(sink.sessions, 2);
	assert_int_equal(
	    ipc_send(session[2], IPC_LOG, view_of(NULL, 0), NULL, 0),
	    SP_ERR_EOF);
	for (size_t i = 0; i < 3; i++)
		close(session[i]);
	close(login);
	turn();
	assert_int_equal(sink.sessions, 0);
}

static void
nonsense_on_a_log_socket_hurts_nobody(void **state)
{
	int end = open_source(IPC_ROLE_LOGIN);

	(void)state;
	assert_int_equal(write(end, "nonsense", 8), 8);
	say_as(end, EVENT_AUTH_ACCEPTED, geteuid());
	logsource_drain(&sink, 0);
	assert_non_null(strstr(take_lines(), "\"event\":\"auth_accepted\""));
	close(end);
}

static void
a_source_ends_with_its_last_sender(void **state)
{
	int end = open_source(IPC_ROLE_LOGIN);
	int copy = dup(end);

	(void)state;
	close(end);
	logsource_drain(&sink, 0);
	say_as(copy, EVENT_AUTH_ACCEPTED, geteuid());
	logsource_drain(&sink, 0);
	assert_non_null(strstr(take_lines(), "auth_accepted"));
	close(copy);
	logsource_drain(&sink, 0);
	turn();
	assert_true(LIST_EMPTY(&sink.sources));
}

static void
the_supervisor_says_nothing_on_a_log_socket(void **state)
{
	int end = open_source(IPC_ROLE_GATE);
	char byte;

	(void)state;
	assert_true(read(end, &byte, 1) <= 0);
	close(end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_has_the_sender_the_kernel_names),
		cmocka_unit_test(a_login_may_say_that_it_accepted),
		cmocka_unit_test(
		    who_became_a_user_says_nothing_on_the_logins_socket),
		cmocka_unit_test(a_session_is_known_by_its_socket),
		cmocka_unit_test(who_shuts_his_socket_shuts_no_other),
		cmocka_unit_test(
		    who_floods_waits_in_his_own_socket_and_others_do_not),
		cmocka_unit_test(
		    who_talks_on_is_heard_now_and_then_and_to_his_end),
		cmocka_unit_test(
		    sessions_beyond_what_there_is_room_for_are_told_of),
		cmocka_unit_test(nonsense_on_a_log_socket_hurts_nobody),
		cmocka_unit_test(a_source_ends_with_its_last_sender),
		cmocka_unit_test(the_supervisor_says_nothing_on_a_log_socket),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
