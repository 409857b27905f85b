/* Programs beside channels, of a session that has a loop and no connection. */
#include "daemon/session/siderun.h"

#include "daemon/session/chan.h"
#include "lib/pump/pump.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct session {
	struct session_given given;
	struct sideruns sideruns;
	struct event_base *base;
	struct event *child_ended;
	size_t held;
};

static struct profile_settings profile;
static const struct modgroup handler = { .name = "files" };
static struct session session;
static struct sp_chan chan;
static struct sp_outcome last;
static unsigned ended;
static bool may_wait;

const struct session_given *
session_given(const struct session *s)
{
	return &s->given;
}

struct event_base *
session_base(struct session *s)
{
	return s->base;
}

struct sideruns *
session_sideruns(struct session *s)
{
	return &s->sideruns;
}

void
session_hold_reaping(struct session *s, bool is_wanted)
{
	s->held += is_wanted ? 1 : -(size_t)1;
	if (s->held == 0)
		event_active(s->child_ended, EV_SIGNAL, 1);
}

static void
on_child_ended(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	(void)arg;
	siderun_reap(&session.sideruns);
}

static int
set_up(void **state)
{
	(void)state;
	profile = (struct profile_settings){ .name = "all" };
	session = (struct session){
		.given = {
		    .profile = &profile,
		    .facts = { .user = "a", .identity = "a", .peer = "::1",
		        .peer_port = "1" },
		},
		.base = event_base_new(),
	};
	assert_non_null(session.base);
	session.child_ended =
	    evsignal_new(session.base, SIGCHLD, on_child_ended, NULL);
	assert_int_equal(evsignal_add(session.child_ended, NULL), 0);
	siderun_init(&session.sideruns, &session);
	chan = (struct sp_chan){ .session = &session, .handler = &handler };
	last = (struct sp_outcome){ .size = 0 };
	ended = 0;
	may_wait = false;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	siderun_clear(&session.sideruns, false);
	assert_int_equal(session.held, 0);
	assert_int_equal(session.sideruns.count, 0);
	event_free(session.child_ended);
	event_base_free(session.base);
	/* Nobody was left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	return 0;
}

static void
on_ended(void *arg, const struct sp_outcome *outcome)
{
	assert_ptr_equal(arg, &last);
	last = *outcome;
	ended++;
}

/* A script for the shell, as the test's own user. */
static struct sp_run *
start(const char *script, uint64_t time_ms)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	const char *env[] = { "PATH=/usr/bin:/bin", "X=beside", NULL };
	const struct sp_limits limits = { .size = sizeof limits,
		.time_ms = time_ms };
	const struct sp_program program = {
		.size = sizeof program,
		.path = "/bin/sh",
		.argv = argv,
		.env = env,
		.cwd = "/",
		.terminal = -1,
		.terminal_slave = -1,
		.limits = &limits,
	};
	const struct sp_siderun siderun = {
		.size = sizeof siderun,
		.program = &program,
		.event = "upload",
		.path = "/x",
		.ended = on_ended,
		.arg = &last,
		.may_wait = may_wait,
	};

	return sp_chan_run(&chan, &siderun);
}

static void
wait_for(unsigned count)
{
	while (ended < count)
		assert_int_equal(event_base_loop(session.base, EVLOOP_ONCE), 0);
}

enum { LONG = 60000 };

static void
how_it_ended_is_told(void **state)
{
	(void)state;
	assert_non_null(
	    start("test \"$X$PWD\" = beside/ || exit 9; exit 3", LONG));
	wait_for(1);
	assert_true(last.has_ended && !last.is_late);
	assert_int_equal(last.status, 3);
	assert_int_equal(last.signal, 0);
	assert_non_null(start("kill -USR1 $$", LONG));
	wait_for(2);
	assert_int_equal(last.signal, SIGUSR1);
	assert_non_null(
	    start("read x && exit 1; echo lost; echo lost >&2", LONG));
	wait_for(3);
	assert_int_equal(last.status, 0);
}

/* The group with it, and whoever does not hear it. */
static void
one_that_takes_too_long_is_ended(void **state)
{
	(void)state;
	assert_non_null(start("trap '' TERM; sleep 1000 & sleep 1000", 50));
	assert_non_null(start("sleep 1000 & sleep 1000", 50));
	wait_for(2);
	assert_true(last.is_late && last.signal != 0);
}

static void
one_that_is_left_goes_on_or_is_ended(void **state)
{
	struct sp_run *run = start("exit 0", LONG);

	(void)state;
	assert_non_null(run);
	sp_run_leave(run, true);
	run = start("sleep 1000", LONG);
	assert_non_null(run);
	sp_run_leave(run, false);
	while (session.sideruns.count > 0)
		assert_int_equal(event_base_loop(session.base, EVLOOP_ONCE), 0);
	assert_int_equal(ended, 0);
}

/* Without the loop, which is over by then. */
static void
the_session_waits_for_the_last(void **state)
{
	char path[] = "/tmp/siderun-test-XXXXXX", script[100];
	struct sp_run *run;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(script, sizeof script, "sleep 0.2; rm %s", path);
	run = start(script, LONG);
	assert_non_null(run);
	sp_run_leave(run, true);
	run = start("trap '' TERM; sleep 1000", 50);
	assert_non_null(run);
	sp_run_leave(run, true);
	siderun_clear(&session.sideruns, false);
	assert_int_equal(session.sideruns.count, 0);
	assert_int_equal(access(path, F_OK), -1);
	close(fd);
}

static void
there_are_so_many_at_once_and_each_has_a_time(void **state)
{
	struct sp_run *runs[SIDERUNS_MAX];

	(void)state;
	assert_null(start("exit 0", 0));
	assert_int_equal(errno, EINVAL);
	profile.limits.time = LONG;
	for (size_t i = 0; i < SIDERUNS_MAX; i++) {
		runs[i] = start("sleep 1000", 0);
		assert_non_null(runs[i]);
	}
	assert_null(start("exit 0", LONG));
	assert_int_equal(errno, EAGAIN);
	for (size_t i = 0; i < SIDERUNS_MAX; i++)
		sp_run_leave(runs[i], false);
}

/* With all it was given, which is gone by then. */
static void
one_that_may_wait_has_its_turn(void **state)
{
	struct sp_run *runs[SIDERUNS_MAX];

	(void)state;
	for (size_t i = 0; i < SIDERUNS_MAX; i++) {
		runs[i] = start("sleep 1000", LONG);
		assert_non_null(runs[i]);
	}
	may_wait = true;
	assert_non_null(start("test \"$X$PWD\" = beside/ && exit 5", LONG));
	assert_non_null(start("exit 6", LONG));
	assert_int_equal(session.sideruns.waiting, 2);
	sp_run_leave(runs[0], false);
	wait_for(1);
	assert_int_equal(last.status, 5);
	wait_for(2);
	assert_int_equal(last.status, 6);
	assert_int_equal(session.sideruns.waiting, 0);
	for (size_t i = 1; i < SIDERUNS_MAX; i++)
		sp_run_leave(runs[i], false);
}

static void
so_many_wait_and_places_are_kept_for_others(void **state)
{
	struct sp_run *run;

	(void)state;
	assert_false(sp_chan_keep_places(&chan, SIDERUNS_WAITING_MAX + 1));
	assert_true(sp_chan_keep_places(&chan, SIDERUNS_WAITING_MAX - 1));
	for (size_t i = 0; i < SIDERUNS_MAX; i++)
		assert_non_null(start("sleep 1000", LONG));
	may_wait = true;
	run = start("exit 0", LONG);
	assert_non_null(run);
	assert_null(start("exit 0", LONG));
	assert_int_equal(errno, EAGAIN);
	assert_false(sp_chan_keep_places(&chan, 1));
	/* Who has kept them finds them. */
	sp_chan_give_back_places(&chan, 1);
	assert_non_null(start("exit 0", LONG));
	sp_run_leave(run, false);
	assert_int_equal(session.sideruns.waiting, 1);
	sp_chan_give_back_places(&chan, SIDERUNS_WAITING_MAX - 2);
	siderun_clear(&session.sideruns, true);
	assert_int_equal(ended, SIDERUNS_MAX + 1);
	assert_int_equal(last.signal, SIGTERM);
}

/* Who does not hear it has as long again as he had at most. */
static void
a_signal_ends_the_wait(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	if (pid == 0) {
		/* The loop's own descriptors are the parent's too. */
		if (event_reinit(session.base) != 0 ||
		    start("trap '' TERM; sleep 1000", 200) == NULL ||
		    start("sleep 1000", LONG) == NULL)
			_exit(9);
		siderun_clear(&session.sideruns, false);
		_exit(ended == 2 ? 0 : 8);
	}
	usleep(100000);
	for (int i = 0; i < 200 && waitpid(pid, &status, WNOHANG) == 0; i++) {
		kill(pid, SIGTERM);
		usleep(50000);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
what_cannot_be_run_is_told(void **state)
{
	const char *argv[] = { "none", NULL };
	const struct sp_program program = {
		.size = sizeof program,
		.path = "/nonexistent/none",
		.argv = argv,
		.env = argv + 1,
		.cwd = "/",
		.terminal = -1,
		.terminal_slave = -1,
	};
	const struct sp_siderun siderun = { .size = sizeof siderun,
		.program = &program,
		.event = "upload",
		.path = "/x",
		.ended = on_ended,
		.arg = &last };

	(void)state;
	profile.limits.time = LONG;
	assert_non_null(sp_chan_run(&chan, &siderun));
	wait_for(1);
	assert_true(last.has_ended);
	assert_int_equal(last.error, ENOENT);
	assert_int_equal(last.status, 126);
	assert_int_equal(session.sideruns.count, 0);
}

/* ---- the session's own ---- */

static bool
start_own(const char *script, int input, uint64_t time_ms)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	const char *env[] = { NULL };
	const struct sp_program program = {
		.size = sizeof program,
		.path = "/bin/sh",
		.argv = argv,
		.env = env,
		.cwd = "/",
		.terminal = -1,
		.terminal_slave = -1,
	};
	const struct siderun_own own = {
		.program = &program,
		.input = input,
		.time_ms = time_ms,
		.ended = on_ended,
		.arg = &last,
	};

	return siderun_start_own(&session.sideruns, &own);
}

static void
an_own_one_reads_what_it_is_given(void **state)
{
	int ends[2];

	(void)state;
	/* What handlers' programs are allowed is not asked. */
	profile.limits.processes = 1;
	assert_int_equal(pipe(ends), 0);
	assert_true(
	    start_own("read x && test $x = it && exit 3", ends[0], LONG));
	close(ends[0]);
	assert_int_equal(write(ends[1], "it\n", 3), 3);
	close(ends[1]);
	wait_for(1);
	assert_int_equal(last.status, 3);
}

static void
an_own_one_that_takes_too_long_is_ended(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(start_own("trap '' TERM; read x", ends[0], 50));
	close(ends[0]);
	wait_for(1);
	assert_true(last.is_late);
	assert_int_equal(last.signal, SIGKILL);
	close(ends[1]);
}

/* Who is told to end waits for it, and does not end it. */
static void
an_own_one_is_left_to_its_end(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_non_null(start("sleep 1000", LONG));
	assert_true(start_own("sleep 0.3; exit 3", ends[0], LONG));
	siderun_clear(&session.sideruns, true);
	assert_int_equal(ended, 2);
	assert_int_equal(last.status, 3);
	assert_int_equal(last.signal, 0);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(how_it_ended_is_told),
		TEST(one_that_takes_too_long_is_ended),
		TEST(one_that_is_left_goes_on_or_is_ended),
		TEST(the_session_waits_for_the_last),
		TEST(there_are_so_many_at_once_and_each_has_a_time),
		TEST(one_that_may_wait_has_its_turn),
		TEST(so_many_wait_and_places_are_kept_for_others),
		TEST(a_signal_ends_the_wait),
		TEST(what_cannot_be_run_is_told),
		TEST(an_own_one_reads_what_it_is_given),
		TEST(an_own_one_that_takes_too_long_is_ended),
		TEST(an_own_one_is_left_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
