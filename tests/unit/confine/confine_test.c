/*
 * Each step in a child of its own, which says by its exit status how far
 * it came. What needs root is skipped without it.
 */
#include "daemon/confine/confine.h"

#include "daemon/confine/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In a child: ends with the line where the expectation was wrong. */
#define EXPECT(condition) \
	if (!(condition)) \
	_exit(__LINE__ % 200 + 1)

static int
run(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
expect_well(void (*body)(void))
{
	assert_int_equal(run(body), 0);
}

static void
skip_unless_root(void)
{
	if (geteuid() != 0)
		skip();
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void
close_fds_body(void)
{
	const int keep[] = { 9, 5, -1, 2 };

	EXPECT(dup2(0, 5) == 5 && dup2(0, 6) == 6 && dup2(0, 9) == 9 &&
	    dup2(0, 200) == 200);
	EXPECT(confine_close_fds(keep, 4));
	EXPECT(!is_open(0) && !is_open(1) && is_open(2) && is_open(5));
	EXPECT(!is_open(6) && is_open(9) && !is_open(10) && !is_open(200));
}

static void
all_descriptors_are_closed_but_the_listed(void **state)
{
	(void)state;
	expect_well(close_fds_body);
}

static void
become_body(void)
{
	const struct confine_account account = { 64999, 64998 };
	gid_t groups[] = { 1, 2, 3 };

	EXPECT(setgroups(3, groups) == 0);
	EXPECT(confine_become(&account));
	EXPECT(getuid() == 64999 && geteuid() == 64999);
	EXPECT(getgid() == 64998 && getgroups(0, NULL) == 0);
	EXPECT(setresuid(0, 0, 0) != 0);
	EXPECT(!confine_become(&account));
}

static void
an_account_is_become_for_good(void **state)
{
	(void)state;
	skip_unless_root();
	expect_well(become_body);
}

static void
nobody_becomes_root(void **state)
{
	const struct confine_account user = { 0, 1000 }, group = { 1000, 0 };

	(void)state;
	assert_false(confine_become(&user));
	assert_false(confine_become(&group));
}

static void
gate_and_keyholder_have_accounts_of_their_own(void **state)
{
	struct confine_account gate, keyholder;

	(void)state;
	assert_true(confine_find_account(IPC_ROLE_GATE, &gate));
	assert_true(confine_find_account(IPC_ROLE_KEYHOLDER, &keyholder));
	assert_true(gate.uid != keyholder.uid);
	assert_true(gate.uid != 0 && keyholder.uid != 0);
	assert_false(confine_find_account(IPC_ROLE_LOGIN, &gate));
}

static void
empty_root_body(void)
{
	EXPECT(confine_empty_root());
	EXPECT(access("/proc", F_OK) != 0);
	EXPECT(access("/..", F_OK) == 0 && access("/../etc", F_OK) != 0);
	EXPECT(mkdir("/x", 0700) != 0);
}

static void
the_root_is_empty_and_nothing_can_be_made_in_it(void **state)
{
	(void)state;
	skip_unless_root();
	expect_well(empty_root_body);
}

static void
name_root(char path[64])
{
	snprintf(path, 64, "/run/sallyport.%ld", (long)getpid());
}

static void
root_of_a_dead_one_body(void)
{
	char path[64];

	name_root(path);
	EXPECT(mkdir(path, 0700) == 0);
	empty_root_body();
}

static void
a_root_is_left_behind_by_nobody_whoever_dies_when(void **state)
{
	char path[64];
	struct stat st;

	(void)state;
	skip_unless_root();
	expect_well(root_of_a_dead_one_body);
	name_root(path);
	assert_int_equal(mkdir(path, 0700), 0);
	confine_remove_root(getpid());
	assert_int_not_equal(stat(path, &st), 0);
}

static void
hide_memory_body(void)
{
	struct rlimit before, core;

	EXPECT(getrlimit(RLIMIT_CORE, &before) == 0);
	EXPECT(confine_hide_memory());
	EXPECT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	EXPECT(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0);
	EXPECT(core.rlim_max == before.rlim_max);
}

static void
memory_is_hidden_and_never_dumped(void **state)
{
	(void)state;
	expect_well(hide_memory_body);
}

static void
limits_body(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	struct rlimit core;

	signal(SIGXFSZ, SIG_IGN);
	EXPECT(confine_limits());
	EXPECT(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	EXPECT(fd < 0 || write(fd, "x", 1) < 0);
}

static void
no_file_can_be_written(void **state)
{
	(void)state;
	expect_well(limits_body);
}

static bool
is_locked_by_landlock(void)
{
	return confine_missing() == NULL ||
	    strcmp(confine_missing(), "seccomp") == 0;
}

static bool
is_locked_by_seccomp(void)
{
	return confine_missing() == NULL ||
	    strcmp(confine_missing(), "Landlock") == 0;
}

static void
locked_gate_talks_body(void)
{
	uint8_t *bytes;
	int pair[2];

	EXPECT(confine_lock(IPC_ROLE_GATE));
	EXPECT(ipc_pair(pair));
	EXPECT(
	    ipc_send(pair[0], IPC_READY, view_of(NULL, 0), NULL, 0) == SP_OK);
	EXPECT(ipc_wait(pair[1], 0));
	bytes = malloc(8 << 20);
	EXPECT(bytes != NULL);
	memset(bytes, 1, 8 << 20);
	free(bytes);
	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void
gate_opens_body(void)
{
	EXPECT(confine_lock(IPC_ROLE_GATE));
	EXPECT(open("/etc/passwd", O_RDONLY) < 0);
}

static void
gate_makes_socket_body(void)
{
	EXPECT(confine_lock(IPC_ROLE_GATE));
	socket(AF_INET, SOCK_STREAM, 0);
}

static void
gate_forks_body(void)
{
	EXPECT(confine_lock(IPC_ROLE_GATE));
	if (fork() == 0)
		_exit(0);
}

static void
gate_kills_body(void)
{
	EXPECT(confine_lock(IPC_ROLE_GATE));
	kill(getppid(), 0);
}

/* A listener that was shut down could connect, and others have it too. */
static void
gate_shuts_listener_body(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT(fd >= 0 && listen(fd, 1) == 0);
	EXPECT(confine_lock(IPC_ROLE_GATE));
	shutdown(fd, SHUT_RDWR);
}

static void
gate_sends_to_address_body(void)
{
	const struct sockaddr_un there = { AF_UNIX, "\0there" };
	int pair[2];

	EXPECT(ipc_pair(pair));
	EXPECT(confine_lock(IPC_ROLE_GATE));
	sendto(
	    pair[0], "x", 1, 0, (const struct sockaddr *)&there, sizeof there);
}

static void
gate_makes_datagrams_body(void)
{
	int pair[2];

	EXPECT(confine_lock(IPC_ROLE_GATE));
	EXPECT(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
}

/* All gates' strangers would be its own. */
static void
gate_steers_others_body(void)
{
	struct sock_filter all_to_me = { 0x06, 0, 0, 0 };
	struct sock_fprog program = { 1, &all_to_me };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT(fd >= 0);
	EXPECT(confine_lock(IPC_ROLE_GATE));
	setsockopt(
	    fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

/* The gate after it would wait where nobody comes. */
static void
gate_makes_blocking_body(void)
{
	EXPECT(confine_lock(IPC_ROLE_GATE));
	fcntl(0, F_SETFL, 0);
}

static void
gate_asks_for_options_body(void)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	int pair[2];

	EXPECT(ipc_pair(pair));
	EXPECT(confine_lock(IPC_ROLE_GATE));
	getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &len);
}

static void
gate_sends_urgent_body(void)
{
	int pair[2];

	EXPECT(ipc_pair(pair));
	EXPECT(confine_lock(IPC_ROLE_GATE));
	send(pair[0], "x", 1, MSG_OOB);
}

static void
keyholder_sends_otherwise_body(void)
{
	struct msghdr message = { .msg_iovlen = 0 };
	int pair[2];

	EXPECT(ipc_pair(pair));
	EXPECT(confine_lock(IPC_ROLE_KEYHOLDER));
	sendmsg(pair[0], &message, 0);
}

/* What a gate does with a stranger's socket. */
static void
gate_serves_body(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	int fd, error, on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	EXPECT(bind(listener, (struct sockaddr *)&address, len) == 0);
	EXPECT(listen(listener, 1) == 0);
	EXPECT(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
	EXPECT(connect(client, (struct sockaddr *)&address, len) == 0);
	EXPECT(confine_lock(IPC_ROLE_GATE));
	fd = accept4(listener, (struct sockaddr *)&address, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	EXPECT(fd >= 0);
	EXPECT(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
	EXPECT(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
	len = sizeof error;
	EXPECT(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0);
	EXPECT(send(fd, "x", 1, MSG_NOSIGNAL) == 1);
	EXPECT(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
	EXPECT(read(fd, &error, 1) < 0 && errno == EAGAIN);
}

static void
a_locked_gate_still_serves_a_stranger(void **state)
{
	(void)state;
	expect_well(gate_serves_body);
}

static void
keyholder_accepts_body(void)
{
	EXPECT(confine_lock(IPC_ROLE_KEYHOLDER));
	accept(0, NULL, NULL);
}

static void
keyholder_makes_code_body(void)
{
	EXPECT(confine_lock(IPC_ROLE_KEYHOLDER));
	mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* It has no loop, nor descriptors to read. */
static void
worker_makes_loop_body(void)
{
	EXPECT(confine_lock(IPC_ROLE_WORKER));
	epoll_create1(0);
}

static void
worker_reads_body(void)
{
	char byte;

	EXPECT(confine_lock(IPC_ROLE_WORKER));
	EXPECT(read(0, &byte, 1) == 1);
}

static void
worker_sends_otherwise_body(void)
{
	struct msghdr message = { .msg_iovlen = 0 };
	int pair[2];

	EXPECT(ipc_pair(pair));
	EXPECT(confine_lock(IPC_ROLE_WORKER));
	sendmsg(pair[0], &message, 0);
}

static void
worker_works_body(void)
{
	static uint8_t room[IPC_ROOM];
	struct ipc_message m;
	uint8_t *bytes;
	int pair[2];

	EXPECT(ipc_pair(pair));
	EXPECT(ipc_send(pair[1], IPC_WORK, view_of("x", 1), NULL, 0) == SP_OK);
	EXPECT(confine_lock(IPC_ROLE_WORKER));
	EXPECT(ipc_wait(pair[0], 0));
	EXPECT(ipc_receive(pair[0], IPC_ROLE_KEYHOLDER, IPC_ROLE_WORKER, room,
		   &m) == SP_OK);
	bytes = malloc(8 << 20);
	EXPECT(bytes != NULL);
	memset(bytes, 1, 8 << 20);
	free(bytes);
	EXPECT(
	    ipc_send(pair[0], IPC_WORKED, view_of("x", 1), NULL, 0) == SP_OK);
	close(pair[0]);
}

static void
a_locked_worker_still_does_its_work(void **state)
{
	(void)state;
	expect_well(worker_works_body);
}

static void
a_locked_gate_still_does_its_work(void **state)
{
	(void)state;
	/* Asking for no_new_privs at the end is not on the list. */
	if (is_locked_by_seccomp())
		assert_int_equal(WTERMSIG(run(locked_gate_talks_body)), SIGSYS);
	else
		expect_well(locked_gate_talks_body);
}

static void
a_call_that_is_not_on_the_list_ends_the_process(void **state)
{
	static void (*const bodies[])(void) = {
		gate_opens_body,
		gate_makes_socket_body,
		gate_forks_body,
		gate_kills_body,
		gate_shuts_listener_body,
		gate_sends_to_address_body,
		gate_makes_datagrams_body,
		gate_steers_others_body,
		gate_makes_blocking_body,
		gate_asks_for_options_body,
		gate_sends_urgent_body,
		keyholder_sends_otherwise_body,
		keyholder_accepts_body,
		keyholder_makes_code_body,
		worker_makes_loop_body,
		worker_reads_body,
		worker_sends_otherwise_body,
	};

	(void)state;
	if (!is_locked_by_seccomp())
		skip();
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		int status = run(bodies[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static void
fenced_body(void)
{
	pid_t pid;
	int status;

	EXPECT(confine_fence());
	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	if (seccomp_is_there()) {
		EXPECT(unshare(CLONE_NEWUSER) != 0 && errno == EPERM);
		EXPECT(ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 &&
		    errno == EPERM);
		EXPECT(chroot("/") != 0 && errno == EPERM);
		EXPECT(mount("none", "/", "tmpfs", 0, NULL) != 0 &&
		    errno == EPERM);
		EXPECT(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
		EXPECT(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL) < 0 &&
		    errno == EPERM);
	}
	/* The rest is left to it. */
	pid = fork();
	if (pid == 0)
		execl("/bin/true", "true", (char *)NULL);
	EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	EXPECT(close(socket(AF_INET, SOCK_STREAM, 0)) == 0);
}

static void
who_is_fenced_in_starts_programs_and_gains_nothing(void **state)
{
	(void)state;
	expect_well(fenced_body);
}

static void
a_locked_gate_opens_no_file_without_seccomp_either(void **state)
{
	(void)state;
	if (is_locked_by_seccomp() || !is_locked_by_landlock())
		skip();
	expect_well(gate_opens_body);
}

static void
other_roles_have_no_list(void **state)
{
	(void)state;
	if (!is_locked_by_seccomp())
		skip();
	assert_int_equal(seccomp_allow_role(IPC_ROLE_LOGIN), false);
	assert_int_equal(errno, EINVAL);
}

static void
restore_body(void)
{
	struct rlimit files, restored;
	sigset_t all, mask;

	confine_remember_limits();
	EXPECT(getrlimit(RLIMIT_NOFILE, &files) == 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGRTMAX, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	files.rlim_cur--;
	EXPECT(setrlimit(RLIMIT_NOFILE, &files) == 0);
	EXPECT(dup2(0, 77) == 77);

	confine_restore_for_program();
	EXPECT(is_open(77));
	EXPECT(confine_close_others());
	EXPECT(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
	EXPECT(signal(SIGRTMAX, SIG_DFL) == SIG_DFL);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	EXPECT(sigismember(&mask, SIGTERM) == 0);
	EXPECT(getrlimit(RLIMIT_NOFILE, &restored) == 0);
	EXPECT(restored.rlim_cur == files.rlim_cur + 1);
	EXPECT(!is_open(77) && !is_open(3) && is_open(0));
}

static void
a_program_inherits_nothing_of_the_daemon(void **state)
{
	(void)state;
	expect_well(restore_body);
}

static char folder[] = "/tmp/confine_test.XXXXXX";

static bool
writes(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void
deny_body(void)
{
	char secret[64];
	const char *paths[] = { secret };

	snprintf(secret, sizeof secret, "%s/state", folder);
	EXPECT(confine_deny_folders(paths, 1));
	EXPECT(!writes("state/key") && !writes("state/new"));
	EXPECT(writes("beside/new") && writes("file"));
	EXPECT(open("/etc/passwd", O_RDONLY) >= 0);
	EXPECT(open("/dev/null", O_RDWR) >= 0);
}

static void
denied_folders_cannot_be_reached_and_others_can(void **state)
{
	static const char *const made[] = { "state/key", "beside/new", "file" };
	char path[128];

	(void)state;
	if (!is_locked_by_landlock())
		skip();
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/state", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/beside", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(writes("state/key") && writes("file"));
	expect_well(deny_body);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, made[i]);
		assert_int_equal(unlink(path), 0);
	}
	snprintf(path, sizeof path, "%s/state", folder);
	rmdir(path);
	snprintf(path, sizeof path, "%s/beside", folder);
	rmdir(path);
	assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_descriptors_are_closed_but_the_listed),
		cmocka_unit_test(an_account_is_become_for_good),
		cmocka_unit_test(nobody_becomes_root),
		cmocka_unit_test(gate_and_keyholder_have_accounts_of_their_own),
		cmocka_unit_test(
		    the_root_is_empty_and_nothing_can_be_made_in_it),
		cmocka_unit_test(
		    a_root_is_left_behind_by_nobody_whoever_dies_when),
		cmocka_unit_test(memory_is_hidden_and_never_dumped),
		cmocka_unit_test(no_file_can_be_written),
		cmocka_unit_test(a_locked_gate_still_does_its_work),
		cmocka_unit_test(a_locked_worker_still_does_its_work),
		cmocka_unit_test(a_locked_gate_still_serves_a_stranger),
		cmocka_unit_test(
		    a_call_that_is_not_on_the_list_ends_the_process),
		cmocka_unit_test(
		    a_locked_gate_opens_no_file_without_seccomp_either),
		cmocka_unit_test(other_roles_have_no_list),
		cmocka_unit_test(
		    who_is_fenced_in_starts_programs_and_gains_nothing),
		cmocka_unit_test(a_program_inherits_nothing_of_the_daemon),
		cmocka_unit_test(
		    denied_folders_cannot_be_reached_and_others_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
