/*
 * From vfork() to execve() the child shares our memory: it calls only what
 * is safe in a signal handler, and leaves errors in a struct of ours.
 */
#include "daemon/session/program.h"

#include "daemon/config/settings.h"
#include "daemon/confine/confine.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Volatile: the child writes what the parent reads. */
struct child_errors {
	int start; /* it did not come to run */
	int move; /* its folder could not be entered */
	const char *limit; /* it could not be set */
};

static bool
arrange_stdio(const struct program_start *start)
{
	for (int i = 0; i < 3; i++) {
		if (dup2(start->stdio[i], i) != i)
			return false;
	}
	return true;
}

static void
enter_folder(const char *folder, volatile struct child_errors *errors)
{
	if (chdir(folder) == 0)
		return;
	errors->move = errno;
	if (chdir("/") != 0)
		errors->move = errno;
}

/* Never above what holds already. */
static bool
lower(int resource, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit((unsigned)resource, &limit) != 0)
		return false;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit((unsigned)resource, &limit) == 0;
}

static bool
set_limits(
    const struct limits_settings *limits, volatile struct child_errors *errors)
{
	const struct {
		const char *name;
		int resource;
		uint64_t most;
	} rows[] = {
		{ "cpu", RLIMIT_CPU, limits->cpu },
		{ "memory", RLIMIT_AS, limits->memory },
		{ "processes", RLIMIT_NPROC, limits->processes },
		{ "files", RLIMIT_NOFILE, limits->files },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].most == 0 || lower(rows[i].resource, rows[i].most))
			continue;
		errors->limit = rows[i].name;
		return false;
	}
	return true;
}

/* In the child. */
_Noreturn static void
become_program(
    const struct program_start *start, volatile struct child_errors *errors)
{
	const struct sp_program *program = start->program;

	if (setsid() >= 0 && arrange_stdio(start) &&
	    (!start->has_terminal || ioctl(0, TIOCSCTTY, 0) == 0) &&
	    confine_restore_for_program() &&
	    set_limits(start->limits, errors)) {
		umask(start->umask);
		enter_folder(program->cwd, errors);
		execve(program->path, (char *const *)(uintptr_t)program->argv,
		    (char *const *)(uintptr_t)program->env);
	}
	errors->start = errno;
	_exit(127);
}

pid_t
program_start(
    const struct program_start *start, struct program_outcome *outcome)
{
	volatile struct child_errors errors = { 0, 0, NULL };
	sigset_t all, before;
	pid_t pid;

	/* No handler of ours may run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = vfork();
	if (pid == 0)
		become_program(start, &errors);
	if (pid < 0)
		errors.start = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	outcome->move_error = errors.move;
	outcome->limit = errors.limit;
	if (errors.start == 0)
		return pid;
	/* A child that did not become the program is nobody's: reap it. */
	if (pid > 0)
		waitpid(pid, NULL, 0);
	errno = errors.start;
	return -1;
}
