/* Programs are started clean, where and as they should be. */
#include "daemon/session/program.h"

#include "daemon/config/settings.h"
#include "daemon/confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct limits_settings no_limits;

/* Runs a script of the shell and gives its output. */
static int
run_within(const struct limits_settings *limits, const char *script,
    const char *cwd, int *move_error, char *room, size_t size)
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
	struct program_start start = {
		.program = &program, .umask = 027, .limits = limits
	};
	struct program_outcome outcome;
	size_t used = 0;
	int out[2], status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	start.stdio[0] = null;
	start.stdio[1] = out[1];
	start.stdio[2] = out[1];
	pid = program_start(&start, &outcome);
	assert_true(pid > 0);
	assert_null(outcome.limit);
	*move_error = outcome.move_error;
	close(out[1]);
	close(null);
	while ((n = read(out[0], room + used, size - 1 - used)) > 0)
		used += (size_t)n;
	room[used] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int
run(const char *script, const char *cwd, int *move_error, char *room,
    size_t size)
{
	return run_within(&no_limits, script, cwd, move_error, room, size);
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
	const struct program_start start = {
		.program = &program, .stdio = { 0, 1, 2 }, .limits = &no_limits
	};
	struct program_outcome outcome;

	(void)state;
	assert_int_equal(program_start(&start, &outcome), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
its_limits_are_hard_and_never_above_the_daemons(void **state)
{
	const struct limits_settings limits = {
		.cpu = 60,
		.memory = (uint64_t)512 << 20,
		.processes = 1 << 20,
		.files = 64,
	};
	const struct limits_settings higher = { .files = 1 << 30 };
	struct rlimit before, processes, lowered;
	char room[256], expected[256];
	int move_error;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NPROC, &processes), 0);
	run_within(&limits, "ulimit -Ht; ulimit -St; ulimit -Hv; ulimit -n",
	    "/", &move_error, room, sizeof room);
	assert_string_equal(room, "60\n60\n524288\n64\n");
	run_within(&limits,
	    "grep -E 'processes' /proc/self/limits | tr -s ' ' | cut -d' ' -f4",
	    "/", &move_error, room, sizeof room);
	snprintf(expected, sizeof expected, "%llu\n",
	    processes.rlim_max < 1 << 20
		? (unsigned long long)processes.rlim_max
		: 1ULL << 20);
	assert_string_equal(room, expected);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	run_within(&higher, "ulimit -Hn", "/", &move_error, room, sizeof room);
	snprintf(expected, sizeof expected, "%llu\n",
	    (unsigned long long)before.rlim_max);
	assert_string_equal(room, expected);
	/* Ours are as they were. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &lowered), 0);
	assert_int_equal(lowered.rlim_cur, before.rlim_cur);
}

/* Where exec itself has not the memory, it ends; it never runs without. */
static void
a_program_that_cannot_live_within_them_does_not_run(void **state)
{
	const struct limits_settings limits = { .memory = 4096 };
	char room[64];
	int move_error, status;

	(void)state;
	status = run_within(
	    &limits, "echo ran", "/", &move_error, room, sizeof room);
	assert_true(WIFSIGNALED(status));
	assert_string_equal(room, "");
}

/* From here on the system refuses every limit. */
static void
refuse_limits(void)
{
	struct sock_filter rows[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof rows / sizeof rows[0],
		.filter = rows,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(2);
}

static void
a_limit_that_cannot_be_set_keeps_the_program_from_starting(void **state)
{
	const struct limits_settings limits = { .files = 64 };
	const char *const argv[] = { "true", NULL };
	const struct sp_program program = {
		.path = "/bin/true",
		.argv = argv,
		.env = argv + 1,
		.cwd = "/",
	};
	const struct program_start start = {
		.program = &program, .stdio = { 0, 1, 2 }, .limits = &limits
	};
	struct program_outcome outcome;
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		refuse_limits();
		_exit(program_start(&start, &outcome) == -1 && errno == EPERM &&
			    outcome.limit != NULL &&
			    strcmp(outcome.limit, "files") == 0
			? 0
			: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
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
		cmocka_unit_test(
		    its_limits_are_hard_and_never_above_the_daemons),
		cmocka_unit_test(
		    a_program_that_cannot_live_within_them_does_not_run),
		cmocka_unit_test(
		    a_limit_that_cannot_be_set_keeps_the_program_from_starting),
	};

	confine_remember_limits();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
