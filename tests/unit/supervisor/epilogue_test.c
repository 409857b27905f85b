/* Who lives on is heard by a child, and the child by nobody. */
#include "daemon/supervisor/epilogue.h"

#include "daemon/log/log.h"

#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/epilogue_test.XXXXXX";
static struct logsource_sink sink;

static int
set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	LIST_INIT(&sink.sources);
	sink.base = event_base_new();
	sink.journal = journal_open(path, JOURNAL_TEXT, LOG_LEVEL_DEBUG);
	return fd < 0 || sink.base == NULL || sink.journal == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	journal_close(sink.journal);
	event_base_free(sink.base);
	return unlink(path);
}

static int
open_source(void)
{
	const struct line_origin origin = { .role = IPC_ROLE_GATE };
	int end;

	assert_non_null(logsource_open(&sink, &origin, &end));
	return end;
}

/* How often the log has this. */
static size_t
count(const char *words)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, text, sizeof text - 1);
	size_t n = 0;

	assert_true(len >= 0);
	close(fd);
	text[len] = '\0';
	for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
		n++;
	return n;
}

/* A supervisor that has the sink and not the ends, and is over. */
static void
end_supervisor(const int ends[2])
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(ends[0]);
		close(ends[1]);
		_exit(!epilogue_begin(&sink) || !LIST_EMPTY(&sink.sources));
	}
	logsource_close_all(&sink);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
what_is_said_afterwards_is_written_and_then_it_ends(void **state)
{
	int status;
	int ends[2];

	(void)state;
	ends[0] = open_source();
	ends[1] = open_source();
	log_open(ends[0], LOG_LEVEL_DEBUG);
	log_event(EVENT_CONNECTION_CLOSED, NULL, 0);
	end_supervisor(ends);
	log_event(EVENT_CONNECTION_CLOSED, NULL, 0);
	close(ends[0]);
	/* Who writes is ours now. */
	assert_int_equal(waitpid(-1, &status, WNOHANG), 0);
	log_open(ends[1], LOG_LEVEL_DEBUG);
	log_event(EVENT_CONNECTION_CLOSED, NULL, 0);
	close(ends[1]);
	assert_true(waitpid(-1, &status, 0) > 0);
	assert_int_equal(status, 0);
	assert_int_equal(count("Connection closed by"), 3);
}

static void
where_nobody_is_left_there_is_no_child(void **state)
{
	(void)state;
	assert_true(epilogue_begin(&sink));
	assert_int_equal(waitpid(-1, NULL, 0), -1);
}

static void
where_no_child_can_be_the_sockets_are_closed(void **state)
{
	const struct rlimit none = { 0, 0 };
	int status;
	pid_t pid = fork();

	(void)state;
	/* Root may have as many as he likes, but for a number that is his. */
	if (pid == 0) {
		int end = open_source();
		bool has_child = setrlimit(RLIMIT_NPROC, &none) != 0 ||
		    setuid(64799) != 0 || epilogue_begin(&sink);

		log_open(end, LOG_LEVEL_DEBUG);
		_exit(has_child || !LIST_EMPTY(&sink.sources));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_said_afterwards_is_written_and_then_it_ends),
		cmocka_unit_test(where_nobody_is_left_there_is_no_child),
		cmocka_unit_test(where_no_child_can_be_the_sockets_are_closed),
	};
	const size_t root_only = geteuid() == 0 ? 0 : 1;

	alarm(60);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return _cmocka_run_group_tests("epilogue", tests,
	    sizeof tests / sizeof tests[0] - root_only, set_up, tear_down);
}
