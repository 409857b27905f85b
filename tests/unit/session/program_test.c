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
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const env[] = { "A=b", NULL };

/* Runs a script of the shell as said and gives its output. */
static int
run_as(struct sp_program program, const char *script, char *room, size_t size)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct program_start start = { .program = &program };
	const char *limit;
	size_t used = 0;
	int out[2], status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	program.path = "/bin/sh";
	program.argv = argv;
	program.env = env;
	start.stdio[0] = null;
	start.stdio[1] = out[1];
	start.stdio[2] = out[1];
	pid = program_start(&start, &limit);
	assert_true(pid > 0);
	assert_null(limit);
	close(out[1]);
	close(null);
	while ((n = read(out[0], room + used, size - 1 - used)) > 0)
		used += (size_t)n;
	room[used] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(program_has_failed(pid, &(struct program_failure){ 0 }));
	return status;
}

static int
run(const char *script, const char *cwd, char *room, size_t size)
{
	const struct sp_program program = {
		.size = sizeof program,
		.cwd = cwd,
		.terminal = -1,
		.terminal_slave = -1,
	};

	return run_as(program, script, room, size);
}

static void
a_program_gets_its_environment_and_folder(void **state)
{
	char room[256];

	(void)state;
	assert_int_equal(
	    run("echo $A; pwd; exit 3", "/usr", room, sizeof room), 3 << 8);
	assert_string_equal(room, "b\n/usr\n");
}

static void
it_begins_in_the_root_where_its_folder_is_not(void **state)
{
	char room[256];

	(void)state;
	run("pwd", "/nonexistent", room, sizeof room);
	assert_string_equal(room,
	    "Could not chdir to home directory /nonexistent: "
	    "No such file or directory\n/\n");
}

static void
it_inherits_no_descriptor_and_no_signal_setting(void **state)
{
	int leak = open("/dev/null", O_RDONLY);
	char room[256];
	sigset_t set, before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	run("ls /proc/self/fd | tr '\\n' ' '; "
	    "grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f2 | tr '\\n' ' '",
	    "/", room, sizeof room);
	/* 3 is ls reading its folder. */
	assert_string_equal(room, "0 1 2 3 0000000000000000 0000000000000000 ");
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(leak);
}

static void
it_leads_a_session_of_its_own(void **state)
{
	char room[64];

	(void)state;
	run("test $(ps -o sid= -p $$) -eq $$ && echo leads", "/", room,
	    sizeof room);
	assert_string_equal(room, "leads\n");
}

/* What it wrote where it did not come to run, and why that was. */
static struct program_failure
fail_to_run(const struct sp_program *program, char *room, size_t size)
{
	struct program_failure failure = { 0 };
	struct program_start start = { .program = program };
	const char *limit;
	int out[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	for (int i = 0; i < 3; i++)
		start.stdio[i] = out[1];
	pid = program_start(&start, &limit);
	close(out[1]);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 126 << 8);
	n = read(out[0], room, size - 1);
	assert_true(n >= 0);
	room[n] = '\0';
	close(out[0]);
	assert_true(program_has_failed(pid, &failure));
	/* Told once: another program may have the number. */
	assert_false(program_has_failed(pid, &failure));
	return failure;
}

static void
a_program_that_is_not_there_says_so(void **state)
{
	const char *const argv[] = { "x", NULL };
	struct sp_program program = {
		.path = "/nonexistent/x",
		.argv = argv,
		.env = argv + 1,
		.cwd = "/",
	};
	struct program_failure failure;
	char room[256];

	(void)state;
	failure = fail_to_run(&program, room, sizeof room);
	assert_int_equal(failure.error, ENOENT);
	assert_string_equal(failure.path, "/nonexistent/x");
	assert_string_equal(failure.cwd, "/");
	assert_string_equal(
	    room, "/nonexistent/x: No such file or directory\n");
	program.excuse = "Not now.\n";
	fail_to_run(&program, room, sizeof room);
	assert_string_equal(room, "Not now.\n");
}

static void
it_has_the_limits_it_is_given(void **state)
{
	const struct sp_limits limits = {
		.size = sizeof limits,
		.cpu_ms = 1500,
		.memory = 512 * 1024 * 1024,
		.processes = 4000,
		.files = 17,
	};
	struct sp_program program = {
		.size = sizeof program, .cwd = "/", .limits = &limits
	};
	char room[256];

	(void)state;
	run_as(program,
	    "ulimit -t; ulimit -v; ulimit -n; cut -c1-45 /proc/self/limits | "
	    "grep -c 'Max processes *4000 '",
	    room, sizeof room);
	assert_string_equal(room, "2\n524288\n17\n1\n");
}

static void
no_limit_is_ever_loosened(void **state)
{
	const struct sp_limits tight = { .size = sizeof tight, .files = 20 };
	const struct sp_limits loose = { .size = sizeof loose,
		.files = UINT64_MAX };
	struct sp_program program = {
		.size = sizeof program, .cwd = "/", .limits = &tight
	};
	char first[64], second[64], room[64];

	(void)state;
	run("ulimit -Hn", "/", first, sizeof first);
	program.limits = &loose;
	run_as(program, "ulimit -Hn", second, sizeof second);
	assert_string_equal(first, second);
	program.limits = &tight;
	run_as(program, "ulimit -n; ulimit -Hn", room, sizeof room);
	assert_string_equal(room, "20\n20\n");
}

static void
a_program_that_computes_for_too_long_is_ended(void **state)
{
	const struct sp_limits limits = { .size = sizeof limits, .cpu_ms = 1 };
	struct sp_program program = {
		.size = sizeof program, .cwd = "/", .limits = &limits
	};
	char room[64];
	int status;

	(void)state;
	status = run_as(program, "while :; do :; done", room, sizeof room);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGXCPU);
}

static void
a_folder_that_it_needs_must_be_there(void **state)
{
	const char *const argv[] = { "true", NULL };
	const struct sp_program program = { .path = "/bin/true",
		.argv = argv,
		.env = env,
		.cwd = "/nonexistent",
		.needs_cwd = true };
	struct program_failure failure;
	char room[256];

	(void)state;
	failure = fail_to_run(&program, room, sizeof room);
	assert_int_equal(failure.error, ENOENT);
	assert_string_equal(failure.cwd, "/nonexistent");
}

static void
it_greets_unless_a_file_is_there(void **state)
{
	struct sp_program program = { .size = sizeof program,
		.cwd = "/",
		.greeting = "Cake.\n",
		.hushed_by = "/nonexistent/.hushlogin" };
	char room[64];

	(void)state;
	run_as(program, "echo runs", room, sizeof room);
	assert_string_equal(room, "Cake.\nruns\n");
	program.hushed_by = "/dev/null";
	run_as(program, "echo runs", room, sizeof room);
	assert_string_equal(room, "runs\n");
}

/*
 * Its terminal takes no more: the child waits before it has run, as it
 * would for a file system, and nobody else waits with it.
 */
static void
who_is_stuck_on_the_way_keeps_nobody(void **state)
{
	const char *const argv[] = { "true", NULL };
	static char greeting[256 * 1024];
	struct sp_program program = { .path = "/bin/true",
		.argv = argv,
		.env = env,
		.cwd = "/",
		.greeting = greeting };
	struct program_start start = { .program = &program };
	struct program_failure failure;
	const char *limit;
	int out[2], status;
	char room[64];
	pid_t pid;

	(void)state;
	memset(greeting, 'x', sizeof greeting - 1);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	for (int i = 0; i < 3; i++)
		start.stdio[i] = out[1];
	pid = program_start(&start, &limit);
	close(out[1]);
	assert_true(pid > 0);
	run("echo runs", "/", room, sizeof room);
	assert_string_equal(room, "runs\n");
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	/* It leads its group already, and hears what that is told. */
	assert_int_equal(kill(-pid, SIGHUP), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
	assert_false(program_has_failed(pid, &failure));
	close(out[0]);
}

static void
it_begins_in_an_open_folder_whatever_it_is_called_by_now(void **state)
{
	char template[] = "/tmp/program-test-XXXXXX", moved[64], room[128];
	struct sp_program program = {
		.size = sizeof program, .cwd = "/nonexistent", .needs_cwd = true
	};

	(void)state;
	assert_non_null(mkdtemp(template));
	program.folder = open(template, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(program.folder > 2);
	snprintf(moved, sizeof moved, "%s-moved", template);
	assert_int_equal(rename(template, moved), 0);
	run_as(program, "pwd -P; ls /proc/self/fd | tr '\\n' ' '", room,
	    sizeof room);
	assert_int_equal(strncmp(room, moved, strlen(moved)), 0);
	assert_string_equal(room + strlen(moved), "\n0 1 2 3 ");
	close(program.folder);
	assert_int_equal(rmdir(moved), 0);
}

/* A module that knows less, and one that knows more. */
static void
what_a_module_does_not_know_is_absent(void **state)
{
	struct {
		struct sp_limits limits;
		uint64_t more;
	} large = { .limits = { .size = sizeof large, .files = 5 }, 7 };
	struct sp_program from = {
		.size = offsetof(struct sp_program, limits),
		.cwd = "/",
		.limits = (void *)1,
		.needs_cwd = true,
		.folder = 9,
	};
	struct sp_limits limits;
	struct sp_program got;

	(void)state;
	program_read(&from, &got, &limits);
	assert_string_equal(got.cwd, "/");
	assert_int_equal(got.limits->files, 0);
	assert_false(got.needs_cwd);
	assert_int_equal(got.folder, 0);
	from.size = sizeof from;
	from.limits = &large.limits;
	program_read(&from, &got, &limits);
	assert_int_equal(got.folder, 9);
	assert_ptr_equal(got.limits, &limits);
	assert_int_equal(limits.files, 5);
	large.limits.size = offsetof(struct sp_limits, files);
	program_read(&from, &got, &limits);
	assert_int_equal(limits.files, 0);
}

/* Where exec itself has not the memory, it ends; it never runs without. */
static void
a_program_that_cannot_live_within_them_does_not_run(void **state)
{
	const struct sp_limits limits = { .size = sizeof limits,
		.memory = 4096 };
	struct sp_program program = {
		.size = sizeof program, .cwd = "/", .limits = &limits
	};
	char room[64];
	int status;

	(void)state;
	status = run_as(program, "echo ran", room, sizeof room);
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
	const struct sp_limits limits = { .size = sizeof limits, .files = 64 };
	const char *const argv[] = { "true", NULL };
	const struct sp_program program = {
		.path = "/bin/true",
		.argv = argv,
		.env = argv + 1,
		.cwd = "/",
		.limits = &limits,
	};
	const struct program_start start = { .program = &program,
		.stdio = { 0, 1, 2 } };
	const char *limit;
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		refuse_limits();
		_exit(program_start(&start, &limit) == -1 && errno == EPERM &&
			    limit != NULL && strcmp(limit, "files") == 0
			? 0
			: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The tighter of each holds, and 0 is none. */
static void
a_module_loosens_no_limit_of_the_settings(void **state)
{
	const struct limits_settings settings = {
		.cpu = 60, .memory = 1000, .files = 64, .time = 500
	};
	struct sp_limits limits = {
		.size = sizeof limits,
		.cpu_ms = 1500,
		.memory = 2000,
		.processes = 3,
	};

	(void)state;
	program_tighten(&limits, &settings);
	assert_int_equal(limits.cpu_ms, 1500);
	assert_int_equal(limits.memory, 1000);
	assert_int_equal(limits.processes, 3);
	assert_int_equal(limits.files, 64);
	assert_int_equal(limits.time_ms, 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_gets_its_environment_and_folder),
		cmocka_unit_test(it_begins_in_the_root_where_its_folder_is_not),
		cmocka_unit_test(
		    it_inherits_no_descriptor_and_no_signal_setting),
		cmocka_unit_test(it_leads_a_session_of_its_own),
		cmocka_unit_test(a_program_that_is_not_there_says_so),
		cmocka_unit_test(it_has_the_limits_it_is_given),
		cmocka_unit_test(no_limit_is_ever_loosened),
		cmocka_unit_test(a_program_that_computes_for_too_long_is_ended),
		cmocka_unit_test(a_folder_that_it_needs_must_be_there),
		cmocka_unit_test(it_greets_unless_a_file_is_there),
		cmocka_unit_test(who_is_stuck_on_the_way_keeps_nobody),
		cmocka_unit_test(
		    it_begins_in_an_open_folder_whatever_it_is_called_by_now),
		cmocka_unit_test(what_a_module_does_not_know_is_absent),
		cmocka_unit_test(
		    a_program_that_cannot_live_within_them_does_not_run),
		cmocka_unit_test(
		    a_limit_that_cannot_be_set_keeps_the_program_from_starting),
		cmocka_unit_test(a_module_loosens_no_limit_of_the_settings),
	};

	confine_remember_limits();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
