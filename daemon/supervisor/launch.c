/* Starting a program of the daemon's own. */
#include "daemon/supervisor/launch.h"

#include "daemon/confine/confine.h"
#include "daemon/ipc/kinship.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Descriptors that the supervisor needs for all else. */
enum { FILES_OWN = 512 };

static struct {
	enum ipc_role role;
	const char *name;
	char path[PATH_MAX];
} programs[LAUNCH_PROGRAMS] = {
	{ IPC_ROLE_KEYHOLDER, "sallyport-keyholder", "" },
	{ IPC_ROLE_GATE, "sallyport-gate", "" },
	{ IPC_ROLE_LOGIN, "sallyport-login", "" },
	{ IPC_ROLE_SERVICE, "sallyport-service", "" },
	{ IPC_ROLE_LEDGER, "sallyport-ledger", "" },
};
/* What programs are started with, once we have raised our own limit. */
static struct rlimit files;
static bool has_raised_files;

enum { PROGRAMS = LAUNCH_PROGRAMS };

/* Where the program itself is, until it runs. */
enum { FD_PROGRAM = IPC_FD_LOG + 1 };

/*
 * Symbols are looked up once, before any fork: a login that did so by
 * itself would spend time and pages of its own on each.
 */
static char bind_now[] = "LD_BIND_NOW=1";
static char version[] = KINSHIP_VARIABLE "=" PACKAGE_VERSION;

/* What a program keeps of the environment. */
static const char *const kept_names[] = { "PATH", "TZ", "ASAN_OPTIONS",
	"LSAN_OPTIONS", "UBSAN_OPTIONS" };
enum { KEPT = sizeof kept_names / sizeof kept_names[0] };

static size_t
find_role(enum ipc_role role)
{
	size_t i = 0;

	while (i + 1 < PROGRAMS && programs[i].role != role)
		i++;
	return i;
}

static bool
is_beside(const char *name, char *room, size_t size)
{
	char own[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	char *slash;

	if (len <= 0)
		return false;
	own[len] = '\0';
	slash = strrchr(own, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return (size_t)snprintf(room, size, "%s/%s", own, name) < size &&
	    access(room, X_OK) == 0;
}

bool
launch_find(enum ipc_role role, char *problem, size_t size)
{
	size_t i = find_role(role);
	char *path = programs[i].path;

	if (is_beside(programs[i].name, path, sizeof programs[i].path))
		return true;
	snprintf(path, sizeof programs[i].path, "%s/%s", SP_PROGRAMDIR,
	    programs[i].name);
	if (access(path, X_OK) == 0)
		return true;
	snprintf(problem, size,
	    "program %s: %s; it belongs beside sallyportd or there: install "
	    "all of Sallyport",
	    path, strerror(errno));
	return false;
}

const char *
launch_path(enum ipc_role role)
{
	return programs[find_role(role)].path;
}

void
launch_close(struct launch_programs *open_ones)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		if (open_ones->files[i] >= 0)
			close(open_ones->files[i]);
		open_ones->files[i] = -1;
	}
}

bool
launch_open(struct launch_programs *open_ones, char *problem, size_t size)
{
	for (size_t i = 0; i < PROGRAMS; i++)
		open_ones->files[i] = -1;
	for (size_t i = 0; i < PROGRAMS; i++) {
		if (!launch_find(programs[i].role, problem, size)) {
			launch_close(open_ones);
			return false;
		}
		open_ones->files[i] =
		    open(programs[i].path, O_PATH | O_CLOEXEC);
		if (open_ones->files[i] >= 0)
			continue;
		snprintf(problem, size, "program %s: %s", programs[i].path,
		    strerror(errno));
		launch_close(open_ones);
		return false;
	}
	return true;
}

int
launch_program(const struct launch_programs *open_ones, enum ipc_role role)
{
	return open_ones->files[find_role(role)];
}

const char *
launch_modules(void)
{
	static char path[PATH_MAX];

	return is_beside("modules", path, sizeof path) ? path : NULL;
}

/* Points descriptors, wherever they are, at 3, 4, 5, and the program at 6. */
static bool
place_descriptors(const struct launch_spec *spec)
{
	const int from[] = { spec->control, spec->kit.projection, spec->log,
		spec->kit.program };
	const int to[] = { IPC_FD_CONTROL, IPC_FD_PROJECTION, IPC_FD_LOG,
		FD_PROGRAM };
	int safe[4];

	for (size_t i = 0; i < 4; i++) {
		safe[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16);
		if (safe[i] < 0)
			return false;
	}
	for (size_t i = 0; i < 4; i++)
		if (dup2(safe[i], to[i]) < 0)
			return false;
	return fcntl(FD_PROGRAM, F_SETFD, FD_CLOEXEC) == 0;
}

static bool
place_standard(bool keep_stderr)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(null, STDOUT_FILENO) >= 0 &&
	    (keep_stderr || dup2(null, STDERR_FILENO) >= 0);
}

static void
reset_signals(void)
{
	struct sigaction action;
	sigset_t none;

	memset(&action, 0, sizeof action);
	action.sa_handler = SIG_DFL;
	sigaction(SIGPIPE, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
choose_environment(char *environment[KEPT + 3], char room[KEPT][1024])
{
	size_t n = 0;

	for (size_t i = 0; i < KEPT; i++) {
		const char *value = getenv(kept_names[i]);

		if (value == NULL)
			continue;
		if ((size_t)snprintf(room[n], sizeof room[n], "%s=%s",
			kept_names[i], value) < sizeof room[n]) {
			environment[n] = room[n];
			n++;
		}
	}
	environment[n++] = bind_now;
	environment[n++] = version;
	environment[n] = NULL;
}

size_t
launch_raise_files(void)
{
	size_t most;

	has_raised_files = getrlimit(RLIMIT_NOFILE, &files) == 0;
	most = confine_raise_files();
	return most > 2 * FILES_OWN ? most - FILES_OWN : most / 2;
}

/* A script has to be read by its name; none of ours is one. */
static void
execute(const char *path, char *const arguments[], char *const environment[])
{
	syscall(SYS_execveat, FD_PROGRAM, "", arguments, environment,
	    AT_EMPTY_PATH);
	if (errno == ENOENT || errno == ENOSYS)
		execve(path, arguments, environment);
}

/* In the child; what follows is the program's business. */
static void
become_program(const struct launch_spec *spec)
{
	size_t i = find_role(spec->role);
	char room[KEPT][1024];
	char *environment[KEPT + 3];
	char *arguments[LAUNCH_ARGUMENTS + 2] = {
		(char *)(uintptr_t)programs[i].name,
	};

	for (size_t n = 0; n < LAUNCH_ARGUMENTS; n++)
		arguments[n + 1] = (char *)(uintptr_t)spec->arguments[n];
	choose_environment(environment, room);
	reset_signals();
	if (has_raised_files)
		setrlimit(RLIMIT_NOFILE, &files);
	/* No terminal: its Ctrl-C is for the supervisor alone. */
	setsid();
	if (confine_unshield() && chdir("/") == 0 && place_descriptors(spec) &&
	    place_standard(spec->keep_stderr) &&
	    (syscall(SYS_close_range, FD_PROGRAM + 1U, (unsigned)INT_MAX, 0) ==
		    0 ||
		errno == ENOSYS))
		execute(programs[i].path, arguments, environment);
	_exit(127);
}

pid_t
launch_start(const struct launch_spec *spec)
{
	pid_t pid = fork();

	if (pid == 0)
		become_program(spec);
	return pid;
}
