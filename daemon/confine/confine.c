/* Giving up accounts, descriptors, memory to others, and limits. */
#include "daemon/confine/confine.h"

#include "daemon/confine/landlock.h"
#include "daemon/confine/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers that nobody hands out: above users, below those of containers. */
static const struct own_account {
	enum ipc_role role;
	const char *name;
	unsigned number;
} own_accounts[] = {
	{ IPC_ROLE_GATE, "_sallyport-gate", 64811 },
	{ IPC_ROLE_KEYHOLDER, "_sallyport-key", 64812 },
	{ IPC_ROLE_SERVICE, "_sallyport-service", 64813 },
	{ IPC_ROLE_LEDGER, "_sallyport-ledger", 64814 },
};

static const struct own_account *
find_own(enum ipc_role role)
{
	for (size_t i = 0; i < sizeof own_accounts / sizeof own_accounts[0];
	     i++)
		if (own_accounts[i].role == role)
			return &own_accounts[i];
	return NULL;
}

bool
confine_find_account(enum ipc_role role, struct confine_account *account)
{
	const struct own_account *own = find_own(role);
	const struct passwd *pw;

	if (own == NULL) {
		errno = EINVAL;
		return false;
	}
	pw = getpwnam(own->name);
	if (pw != NULL && pw->pw_uid != 0 && pw->pw_gid != 0) {
		account->uid = pw->pw_uid;
		account->gid = pw->pw_gid;
		return true;
	}
	if (getpwuid(own->number) != NULL || getgrgid(own->number) != NULL) {
		errno = EEXIST;
		return false;
	}
	account->uid = own->number;
	account->gid = own->number;
	return true;
}

static bool
has_become(const struct confine_account *account)
{
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 ||
	    getresgid(&gid[0], &gid[1], &gid[2]) != 0)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (uid[i] != account->uid || gid[i] != account->gid)
			return false;
	return getgroups(0, NULL) == 0 && setuid(0) != 0 && setgid(0) != 0;
}

bool
confine_become(const struct confine_account *account)
{
	if (account->uid == 0 || account->gid == 0) {
		errno = EINVAL;
		return false;
	}
	if (setgroups(0, NULL) != 0 ||
	    setresgid(account->gid, account->gid, account->gid) != 0 ||
	    setresuid(account->uid, account->uid, account->uid) != 0)
		return false;
	if (!has_become(account)) {
		errno = EPERM;
		return false;
	}
	return true;
}

enum { ROOT_PATH_SIZE = 64 };

static void
name_root(pid_t pid, char path[ROOT_PATH_SIZE])
{
	snprintf(path, ROOT_PATH_SIZE, "/run/sallyport.%ld", (long)pid);
}

bool
confine_empty_root(void)
{
	/* Where /run may not be written to. */
	static const char *const places[] = { "/tmp", "/var/tmp", "/dev/shm" };
	char path[ROOT_PATH_SIZE];
	bool is_made;

	confine_remove_root(getpid());
	name_root(getpid(), path);
	is_made = mkdir(path, 0700) == 0;
	for (size_t i = 0; i < sizeof places / sizeof places[0] && !is_made;
	     i++) {
		snprintf(path, sizeof path, "%s/sallyport.XXXXXX", places[i]);
		is_made = mkdtemp(path) != NULL;
	}
	if (!is_made || chdir(path) != 0)
		return false;
	return rmdir(path) == 0 && chroot(".") == 0 && chdir("/") == 0;
}

void
confine_remove_root(pid_t pid)
{
	char path[ROOT_PATH_SIZE];

	name_root(pid, path);
	rmdir(path);
}

static int
compare_fds(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Both ends are closed too. */
static bool
close_from_to(unsigned first, unsigned last)
{
	struct rlimit limit;

	if (first > last)
		return true;
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return true;
	if (errno != ENOSYS || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	for (rlim_t fd = first; fd <= last && fd < limit.rlim_max; fd++)
		close((int)fd);
	return true;
}

bool
confine_close_fds(const int *keep, size_t n)
{
	enum { KEEP_MAX = 64 };
	int sorted[KEEP_MAX];
	unsigned first = 0;

	if (n > KEEP_MAX) {
		errno = EINVAL;
		return false;
	}
	if (n > 0)
		memcpy(sorted, keep, n * sizeof *keep);
	qsort(sorted, n, sizeof *sorted, compare_fds);
	for (size_t i = 0; i < n; i++) {
		unsigned fd = (unsigned)sorted[i];

		if (sorted[i] < 0)
			continue;
		if (fd > first && !close_from_to(first, fd - 1))
			return false;
		first = fd + 1;
	}
	return close_from_to(first, INT_MAX);
}

/*
 * The hard limit stays: a user could not raise it again, and his programs
 * may dump where the daemon might. Without PR_SET_DUMPABLE nobody can.
 */
bool
confine_hide_memory(void)
{
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) != 0)
		return false;
	core.rlim_cur = 0;
	return setrlimit(RLIMIT_CORE, &core) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool
confine_limits(void)
{
	const struct rlimit none = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &none) == 0 &&
	    setrlimit(RLIMIT_FSIZE, &none) == 0 &&
	    setrlimit(RLIMIT_NPROC, &none) == 0;
}

bool
confine_no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool
confine_lock(enum ipc_role role)
{
	if (!confine_no_new_privs())
		return false;
	if (landlock_is_there() && !landlock_deny_all())
		return false;
	return seccomp_allow_role(role);
}

bool
confine_fence(void)
{
	return confine_no_new_privs() && seccomp_deny_privileged();
}

const char *
confine_missing(void)
{
	if (!seccomp_is_there())
		return landlock_is_there() ? "seccomp" : "seccomp and Landlock";
	return landlock_is_there() ? NULL : "Landlock";
}

bool
confine_deny_folders(const char *const *paths, size_t n)
{
	return landlock_deny_folders(paths, n);
}

size_t
confine_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 0;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0 &&
	    getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 0;
	return files.rlim_cur > INT_MAX ? INT_MAX : (size_t)files.rlim_cur;
}

enum { LIMITS = RLIM_NLIMITS, LAST_SIGNAL = 64 };

static struct {
	bool is_known;
	struct rlimit limits[LIMITS];
} remembered;

void
confine_remember_limits(void)
{
	for (unsigned i = 0; i < LIMITS; i++)
		getrlimit(i, &remembered.limits[i]);
	remembered.is_known = true;
}

/*
 * Straight to the kernel, as the C library keeps some signals to itself.
 * Those that cannot be set fail.
 */
static void
restore_signals(void)
{
	/* The kernel's struct sigaction: SIG_DFL, no flags, empty mask. */
	static const unsigned long action[4];
	sigset_t none;

	for (int i = 1; i <= LAST_SIGNAL; i++)
		syscall(SYS_rt_sigaction, i, action, NULL, LAST_SIGNAL / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * A limit that was lowered to its maximum cannot be raised without
 * privilege; the lower one then stays, which is harmless.
 */
void
confine_restore_limits(void)
{
	if (!remembered.is_known)
		return;
	for (unsigned i = 0; i < LIMITS; i++) {
		struct rlimit limit = remembered.limits[i];
		struct rlimit now;

		if (setrlimit(i, &limit) == 0 || getrlimit(i, &now) != 0)
			continue;
		limit.rlim_max = now.rlim_max;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		setrlimit(i, &limit);
	}
}

void
confine_restore_for_program(void)
{
	restore_signals();
	if (remembered.is_known)
		confine_restore_limits();
}

/* ---- when memory runs out ---- */

static const char oom_path[] = "/proc/self/oom_score_adj";
/* What the kernel never kills; and what anybody may have again. */
enum { OOM_NEVER = -1000, OOM_USUAL = 0 };

static struct {
	bool is_changed;
	int score; /* before */
} unshielded;

static bool
read_oom_score(int *score)
{
	char text[16];
	int fd = open(oom_path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, text, sizeof text - 1);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	*score = (int)strtol(text, NULL, 10);
	return true;
}

static bool
write_oom_score(int score)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%d\n", score);
	int fd = open(oom_path, O_WRONLY | O_CLOEXEC);
	bool is_written;

	if (fd < 0)
		return false;
	is_written = write(fd, text, (size_t)len) == len;
	close(fd);
	return is_written;
}

void
confine_shield(void)
{
	if (geteuid() != 0 || !read_oom_score(&unshielded.score))
		return;
	/* A root without CAP_SYS_RESOURCE may take back what was raised. */
	unshielded.is_changed = write_oom_score(OOM_NEVER) ||
	    (unshielded.score > OOM_USUAL && write_oom_score(OOM_USUAL));
}

bool
confine_unshield(void)
{
	return !unshielded.is_changed || write_oom_score(unshielded.score);
}

bool
confine_close_others(void)
{
	return close_from_to(3, INT_MAX);
}
