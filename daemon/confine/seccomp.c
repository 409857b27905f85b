/* Lists of system calls, by libseccomp: one row a call. */
#include "daemon/confine/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define K IPC_ROLE_KEYHOLDER
#define G IPC_ROLE_GATE
#define W IPC_ROLE_WORKER
#define B IPC_ROLE_LEDGER

/* The kind of a socket, without its flags. */
enum { SOCKET_TYPE = 0xf };

/* Calls allowed with any arguments. */
static const struct row {
	int call;
	unsigned roles;
} rows[] = {
	/* What a process of any kind does. */
	{ SCMP_SYS(brk), K | G | W | B },
	{ SCMP_SYS(munmap), K | G | W | B },
	{ SCMP_SYS(mremap), K | G | W | B },
	{ SCMP_SYS(madvise), K | G | W | B },
	{ SCMP_SYS(futex), K | G | W | B },
	{ SCMP_SYS(rt_sigaction), K | G | B },
	{ SCMP_SYS(rt_sigprocmask), K | G | B },
	{ SCMP_SYS(rt_sigreturn), K | G | W | B },
	{ SCMP_SYS(sigaltstack), K | G | B },
	{ SCMP_SYS(restart_syscall), K | G | W | B },
	{ SCMP_SYS(sched_yield), K | G | B },
	{ SCMP_SYS(getpid), K | G | W | B },
	{ SCMP_SYS(gettid), K | G | B },
	{ SCMP_SYS(exit), K | G | W | B },
	{ SCMP_SYS(exit_group), K | G | W | B },
	{ SCMP_SYS(clock_gettime), K | G | W | B },
	{ SCMP_SYS(clock_getres), K | G | B },
	{ SCMP_SYS(gettimeofday), K | G | W | B },
	{ SCMP_SYS(time), K | G | W | B },
	{ SCMP_SYS(getrandom), K | G | W | B },
	/* Messages, and waiting for them. */
	{ SCMP_SYS(read), K | G | B },
	{ SCMP_SYS(write), K | G | B },
	{ SCMP_SYS(close), K | G | W | B },
	{ SCMP_SYS(poll), K | G | W | B },
	{ SCMP_SYS(ppoll), K | G | W | B },
	{ SCMP_SYS(fstat), K | G | B },
	/* An event loop over many connections. */
	{ SCMP_SYS(epoll_create1), K | G | B },
	{ SCMP_SYS(epoll_ctl), K | G | B },
	{ SCMP_SYS(epoll_wait), K | G | B },
	{ SCMP_SYS(epoll_pwait), K | G | B },
	{ SCMP_SYS(epoll_pwait2), K | G | B },
	{ SCMP_SYS(timerfd_create), K | G | B },
	{ SCMP_SYS(timerfd_settime), K | G | B },
	{ SCMP_SYS(eventfd2), K | G | B },
	{ SCMP_SYS(readv), G },
	{ SCMP_SYS(writev), G },
	{ SCMP_SYS(getsockname), G },
	{ SCMP_SYS(getpeername), G },
};

/* Calls allowed only where each (argument & mask) has its value. */
static const struct narrow_row {
	int call;
	unsigned roles;
	unsigned argument;
	uint64_t mask;
	uint64_t value;
	unsigned second;
	uint64_t second_mask; /* 0: there is no second */
	uint64_t second_value;
} narrow_rows[] = {
	/* Memory is never both written and run. */
	{ SCMP_SYS(mmap), K | G | W | B, 2, PROT_EXEC, 0, 0, 0, 0 },
	{ SCMP_SYS(mprotect), K | G | W | B, 2, PROT_EXEC, 0, 0, 0, 0 },
	{ SCMP_SYS(fcntl), K | G | B, 1, UINT32_MAX, F_GETFL, 0, 0, 0 },
	/* A listener that blocks would do so in who has it next. */
	{ SCMP_SYS(fcntl), K | G | B, 1, UINT32_MAX, F_SETFL, 2, O_NONBLOCK,
	    O_NONBLOCK },
	{ SCMP_SYS(fcntl), K | G | B, 1, UINT32_MAX, F_GETFD, 0, 0, 0 },
	{ SCMP_SYS(fcntl), K | G | B, 1, UINT32_MAX, F_SETFD, 0, 0, 0 },
	/* As ipc.c sends and receives. */
	{ SCMP_SYS(sendmsg), K | G | W | B, 2, UINT32_MAX,
	    MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0, 0 },
	{ SCMP_SYS(recvmsg), K | G | W | B, 2, UINT32_MAX,
	    MSG_CMSG_CLOEXEC | MSG_DONTWAIT, 0, 0, 0 },
	{ SCMP_SYS(accept4), G, 3, UINT32_MAX, SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    0, 0 },
	/* No address: no connection of its own, to anywhere. */
	{ SCMP_SYS(sendto), G, 3, UINT32_MAX, MSG_NOSIGNAL, 4, UINT64_MAX, 0 },
	/*
	 * A listener's are more than its gate's: a program attached to one
	 * would choose for all gates who gets which stranger.
	 */
	{ SCMP_SYS(setsockopt), G, 1, UINT32_MAX, IPPROTO_TCP, 2, UINT32_MAX,
	    TCP_NODELAY },
	{ SCMP_SYS(setsockopt), G, 1, UINT32_MAX, SOL_SOCKET, 2, UINT32_MAX,
	    SO_KEEPALIVE },
	{ SCMP_SYS(getsockopt), G, 1, UINT32_MAX, SOL_SOCKET, 2, UINT32_MAX,
	    SO_ERROR },
	/*
	 * The talks between a gate and the logins it asks for: no datagrams,
	 * which could be sent to sockets with a name. Nor can a listener be
	 * shut down, which others have too.
	 */
	{ SCMP_SYS(socketpair), G, 0, UINT32_MAX, AF_UNIX, 1, SOCKET_TYPE,
	    SOCK_SEQPACKET },
};

#undef K
#undef G
#undef W
#undef B

static int
add_rows(scmp_filter_ctx filter, enum ipc_role role)
{
	int error = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (error == 0 && (rows[i].roles & role) != 0)
			error = seccomp_rule_add(
			    filter, SCMP_ACT_ALLOW, rows[i].call, 0);
	return error;
}

static int
add_narrow_rows(scmp_filter_ctx filter, enum ipc_role role)
{
	int error = 0;

	for (size_t i = 0; i < sizeof narrow_rows / sizeof narrow_rows[0];
	     i++) {
		const struct narrow_row *row = &narrow_rows[i];
		const struct scmp_arg_cmp conditions[] = {
			{ row->argument, SCMP_CMP_MASKED_EQ, row->mask,
			    row->value },
			{ row->second, SCMP_CMP_MASKED_EQ, row->second_mask,
			    row->second_value },
		};
		unsigned count = row->second_mask == 0 ? 1 : 2;

		if (error == 0 && (row->roles & role) != 0)
			error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
			    row->call, count, conditions);
	}
	return error;
}

bool
seccomp_allow_role(enum ipc_role role)
{
	scmp_filter_ctx filter;
	int error;

	if (role != IPC_ROLE_KEYHOLDER && role != IPC_ROLE_GATE &&
	    role != IPC_ROLE_WORKER && role != IPC_ROLE_LEDGER) {
		errno = EINVAL;
		return false;
	}
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL) {
		errno = ENOMEM;
		return false;
	}
	error = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = add_rows(filter, role);
	if (error == 0)
		error = add_narrow_rows(filter, role);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	errno = -error;
	return error == 0;
}

/* What no module's service and no program of its has any use for. */
static const int denied[] = {
	/* Other processes. */
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(process_madvise),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(perf_event_open),
	/* Worlds of its own, where it would be root. */
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(chroot),
	SCMP_SYS(pivot_root),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsmount),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	/* Parts of the kernel in which most was found. */
	SCMP_SYS(bpf),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(open_by_handle_at),
	/* The machine. */
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(syslog),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
};

/* A call that this machine's kind has not got is no fault. */
static int
add_denied(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp with_users = { 0, SCMP_CMP_MASKED_EQ,
		CLONE_NEWUSER, CLONE_NEWUSER };
	int error = seccomp_rule_add_array(
	    filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, &with_users);

	/* Its flags are in memory, where no filter sees them. */
	if (error == 0)
		error = seccomp_rule_add(
		    filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++)
		if (error == 0)
			error = seccomp_rule_add(
			    filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
	return error;
}

bool
seccomp_deny_privileged(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	if (filter == NULL) {
		errno = ENOMEM;
		return false;
	}
	error = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = add_denied(filter);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	errno = -error;
	return error == 0;
}

bool
seccomp_is_there(void)
{
	return true;
}
