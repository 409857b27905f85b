/* Programs are started clean, where and as they should be. */
#include "daemon/session/program.h"

#include "daemon/confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs a script of the shell and gives its output. */
static int
run(const char *script, const char *cwd, int *move_error, char *room,
    size_t size)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const char *const env[] = { "A=b", NULL };
	const struct sp_program program = {
		.size = sizeof program,
		.path = "/bin/sh",
		.argv = argv,
		.env = env,
		.cwd = cwd,
		.terminal = -1,
		.terminal_slave = -1,
	};
	struct program_start start = { .program = &program, .umask = 027 };
	size_t used = 0;
	int out[2], status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	start.stdio[0] = null;
	start.stdio[1] = out[1];
	start.stdio[2] = out[1];
	pid = program_start(&start, move_error);
	assert_true(pid > 0);
	close(out[1]);
	close(null);
	while ((n = read(out[0], room + used, size - 1 - used)) > 0)
		used += (size_t)n;
	room[used] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
a_program_gets_its_environment_folder_and_umask(void **state)
{
	char room[256];
	int move_error;

	(void)state;
	assert_int_equal(run("echo $A; pwd; umask; exit 3", "/usr", &move_error,
			     room, sizeof room),
	    3 << 8);
	assert_string_equal(room, "b\n/usr\n0027\n");
	assert_int_equal(move_error, 0);
}

static void
it_begins_in_the_root_where_its_folder_is_not(void **state)
{
	char room[64];
	int move_error;

	(void)state;
	run("pwd", "/nonexistent", &move_error, room, sizeof room);
	assert_string_equal(room, "/\n");
	assert_int_equal(move_error, ENOENT);
}

static void
it_inherits_no_descriptor_and_no_signal_setting(void **state)
{
	int leak = open("/dev/null", O_RDONLY);
	char room[256];
	int move_error;
	sigset_t set, before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	run("ls /proc/self/fd | tr '\\n' ' '; "
	    "grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f2 | tr '\\n' ' '",
	    "/", &move_error, room, sizeof room);
	/* 3 is ls reading its folder. */
	assert_string_equal(room, "0 1 2 3 0000000000000000 0000000000000000 ");
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(leak);
}

static void
it_leads_a_session_of_its_own(void **state)
{
	char room[64];
	int move_error;

	(void)state;
	run("test $(ps -o sid= -p $$) -eq $$ && echo leads", "/", &move_error,
	    room, sizeof room);
	assert_string_equal(room, "leads\n");
}

static void
a_program_that_is_not_there_fails_at_once(void **state)
{
	const char *const argv[] = { "x", NULL };
	const struct sp_program program = {
		.path = "/nonexistent/x",
		.argv = argv,
		.env = argv + 1,
		.cwd = "/",
	};
	const struct program_start start = { .program = &program,
		.stdio = { 0, 1, 2 } };
	int move_error;

	(void)state;
	assert_int_equal(program_start(&start, &move_error), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_program_gets_its_environment_folder_and_umask),
		cmocka_unit_test(it_begins_in_the_root_where_its_folder_is_not),
		cmocka_unit_test(
		    it_inherits_no_descriptor_and_no_signal_setting),
		cmocka_unit_test(it_leads_a_session_of_its_own),
		cmocka_unit_test(a_program_that_is_not_there_fails_at_once),
	};

	confine_remember_limits();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
