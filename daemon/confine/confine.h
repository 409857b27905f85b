/*
 * Giving up what a process does not need: small calls, made by each
 * program in the order read, drop, confine, loop. All of them return false
 * with errno set when the step could not be done, and a program that must
 * be confined ends then. In ordinary-user mode (geteuid() != 0 at the
 * start) confine_become() and confine_empty_root() are left out.
 */
#ifndef SP_CONFINE_CONFINE_H
#define SP_CONFINE_CONFINE_H

#include "daemon/ipc/ipc.h"

/* Who a role runs as. */
struct confine_account {
	uid_t uid;
	gid_t gid;
};

/*
 * The account `_sallyport-gate`, `_sallyport-key`, `_sallyport-ledger` or
 * `_sallyport-service` where there is one,
 * else a number of its own that nobody on this machine has. False (EEXIST)
 * when somebody has it: then the account must be made. Reads the user
 * database: before confine_empty_root().
 */
SP_MUST_USE bool
confine_find_account(enum ipc_role role, struct confine_account *account);

/* For good and with no supplementary groups; verified. */
SP_MUST_USE bool confine_become(const struct confine_account *account);

/* The root becomes a folder that is empty and has no name any more. */
SP_MUST_USE bool confine_empty_root(void);
/* What a process leaves of it that is killed meanwhile, after its end. */
void confine_remove_root(pid_t);

/* Closes every descriptor from 0 up but the n in keep. */
SP_MUST_USE bool confine_close_fds(const int *keep, size_t n);

/* No core dumps, no ptrace by the same uid, no /proc/PID/mem. */
SP_MUST_USE bool confine_hide_memory(void);

/* Writes no file, no core either, and starts no process. Not for who starts programs. */
SP_MUST_USE bool confine_limits(void);

/*
 * No new privileges, no file system (Landlock, where the kernel has it),
 * and the system calls of this role only: others end the process. Of all
 * calls the last. Roles: gate, keyholder, its worker, and ledger.
 */
SP_MUST_USE bool confine_lock(enum ipc_role role);

/*
 * For who runs what nobody has a list of calls for, and starts programs: no
 * new privileges, and no call that changes the machine, makes a world of its
 * own, or looks into other processes: they fail (EPERM), there and in what
 * is started.
 */
SP_MUST_USE bool confine_fence(void);

/* What confine_lock() has to do without on this system; NULL: nothing. */
const char *confine_missing(void);

/* Nothing that is run from now on gains privileges, as by set-uid files. */
SP_MUST_USE bool confine_no_new_privs(void);

/*
 * For a child that is about to run a user's program, both of them
 * async-signal-safe: default signal dispositions, empty mask, the limits the
 * daemon was started with.
 */
void confine_restore_for_program(void);
/* Every descriptor from 3 up is closed. */
SP_MUST_USE bool confine_close_others(void);

/*
 * For programs that all others need, as root; nothing for other users: the
 * kernel kills somebody else when memory runs out (oom_score_adj of
 * proc(5)), as far as our privileges go. What is started or forked for
 * somebody takes that back, while it is root; false where it cannot.
 */
void confine_shield(void);
SP_MUST_USE bool confine_unshield(void);

/*
 * As many descriptors as the system lets us have, for who holds one or two
 * for each login; the number.
 */
size_t confine_raise_files(void);

/*
 * Remembers what confine_restore_for_program() restores: early in main, and
 * where others have changed it for the programs to come.
 */
void confine_remember_limits(void);
/* The limits of setrlimit(2) alone are again what was remembered. */
void confine_restore_limits(void);

/*
 * Ordinary-user mode: whatever this process runs from now on can touch
 * none of these folders (state, configuration), nor trace a process
 * outside. Landlock only knows what is allowed, so what is allowed is all
 * that stands beside the folders and beside the folders above them: a new
 * file right in such a folder above (the home folder, where the state is
 * below it) cannot be made. Does nothing, and says so by false with
 * ENOSYS, where the kernel has no Landlock.
 */
SP_MUST_USE bool confine_deny_folders(const char *const *paths, size_t n);

#endif
