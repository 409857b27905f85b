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
	logsource_drain(&sink);
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
	logsource_drain(&sink);
	assert_non_null(strstr(take_lines(), "\"event\":\"auth_accepted\""));
	close(end);
}

static void
a_session_may_not_though_it_has_the_logins_socket(void **state)
{
	int end = open_source(IPC_ROLE_LOGIN);

	(void)state;
	if (geteuid() != 0)
		skip();
	say_as(end, EVENT_AUTH_ACCEPTED, 64999);
	logsource_drain(&sink);
	take_lines();
	assert_null(strstr(shown, "\"event\":\"auth_accepted\""));
	assert_non_null(strstr(shown, "\"event\":\"record_refused\""));
	assert_non_null(strstr(shown, "\"role\":\"session\""));
	say_as(end, EVENT_SESSION_CLOSED, 64999);
	logsource_drain(&sink);
	assert_non_null(strstr(take_lines(), "\"by\":\"session\""));
	close(end);
}

static void
nonsense_on_a_log_socket_hurts_nobody(void **state)
{
	int end = open_source(IPC_ROLE_LOGIN);

	(void)state;
	assert_int_equal(write(end, "nonsense", 8), 8);
	say_as(end, EVENT_AUTH_ACCEPTED, geteuid());
	logsource_drain(&sink);
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
	logsource_drain(&sink);
	say_as(copy, EVENT_AUTH_ACCEPTED, geteuid());
	logsource_drain(&sink);
	assert_non_null(strstr(take_lines(), "auth_accepted"));
	close(copy);
	logsource_drain(&sink);
	/* Swept when the next is opened. */
	close(open_source(IPC_ROLE_GATE));
	logsource_close_all(&sink);
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
		    a_session_may_not_though_it_has_the_logins_socket),
		cmocka_unit_test(nonsense_on_a_log_socket_hurts_nobody),
		cmocka_unit_test(a_source_ends_with_its_last_sender),
		cmocka_unit_test(the_supervisor_says_nothing_on_a_log_socket),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
