/* A child on its way to its program: first the kernel's part, then files. */
#include "daemon/session/takeoff.h"

#include "daemon/confine/confine.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

static bool
arrange_stdio(const struct takeoff *t)
{
	for (int i = 0; i < 3; i++) {
		if (dup2(t->stdio[i], i) != i)
			return false;
	}
	return !t->has_terminal || ioctl(0, TIOCSCTTY, 0) == 0;
}

/* Each limit, with how much of its unit is one of the system's. */
static const struct {
	const char *name;
	size_t offset;
	uint64_t unit;
	int resource;
} limit_rows[] = {
	{ "cpu", offsetof(struct sp_limits, cpu_ms), 1000, RLIMIT_CPU },
	{ "memory", offsetof(struct sp_limits, memory), 1, RLIMIT_AS },
	{ "processes", offsetof(struct sp_limits, processes), 1, RLIMIT_NPROC },
	{ "files", offsetof(struct sp_limits, files), 1, RLIMIT_NOFILE },
};

/* A limit that is tighter already stays. */
static bool
tighten(int resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit((unsigned)resource, &limit) != 0)
		return false;
	if (limit.rlim_cur > value)
		limit.rlim_cur = value;
	/* At this one the kernel kills, and the first was to be heard. */
	if (resource == RLIMIT_CPU)
		value++;
	if (limit.rlim_max > value)
		limit.rlim_max = value;
	return setrlimit((unsigned)resource, &limit) == 0;
}

static bool
set_limits(struct takeoff *t)
{
	const struct sp_limits *limits = t->program->limits;

	if (limits == NULL)
		return true;
	for (size_t i = 0; i < sizeof limit_rows / sizeof limit_rows[0]; i++) {
		uint64_t unit = limit_rows[i].unit, wanted;

		memcpy(&wanted, (const char *)limits + limit_rows[i].offset,
		    sizeof wanted);
		if (wanted == 0 ||
		    tighten(limit_rows[i].resource,
			(rlim_t)(wanted / unit + (wanted % unit != 0))))
			continue;
		t->limit = limit_rows[i].name;
		return false;
	}
	return true;
}

static bool
prepare(struct takeoff *t)
{
	if (setsid() < 0 || !arrange_stdio(t))
		return false;
	confine_restore_for_program();
	return set_limits(t);
}

/* ---- what may hang ---- */

/* Whoever does not listen, or no longer, misses it. */
static void
say(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n <= 0)
			return;
		text += n;
		left -= (size_t)n;
	}
}

static void
complain(const char *before, const char *what, int error)
{
	const char *reason = strerrordesc_np(error);

	say(STDERR_FILENO, before);
	say(STDERR_FILENO, what);
	say(STDERR_FILENO, ": ");
	say(STDERR_FILENO, reason == NULL ? "unknown error" : reason);
	say(STDERR_FILENO, "\n");
}

/* The descriptor is closed with all others only behind this. */
static bool
enter_folder(const struct takeoff *t)
{
	const struct sp_program *program = t->program;

	if (program->folder > 0)
		return fchdir(program->folder) == 0;
	if (chdir(program->cwd) == 0)
		return true;
	if (program->needs_cwd)
		return false;
	if (!t->is_silent)
		complain(
		    "Could not chdir to home directory ", program->cwd, errno);
	return chdir("/") == 0;
}

static void
greet(const struct sp_program *program)
{
	if (program->greeting != NULL &&
	    (program->hushed_by == NULL ||
		access(program->hushed_by, F_OK) != 0))
		say(STDOUT_FILENO, program->greeting);
}

_Noreturn static void
fail(struct takeoff *t)
{
	const struct sp_program *program = t->program;
	int error = errno;

	if (program->excuse != NULL)
		say(STDERR_FILENO, program->excuse);
	else
		complain("", program->path, error);
	/* Last: who hears of the child's end finds it. */
	atomic_store(&t->error, error);
	_exit(TAKEOFF_FAILED);
}

_Noreturn void
takeoff_go(struct takeoff *t)
{
	const struct sp_program *program = t->program;

	if (!prepare(t)) {
		atomic_store(&t->error, errno);
		_exit(TAKEOFF_FAILED);
	}
	t->pid = getpid();
	sem_post(&t->prepared);
	/* A file's system may want to know that a copy of it is closed. */
	if (!enter_folder(t) || !confine_close_others())
		fail(t);
	greet(program);
	execve(program->path, (char *const *)(uintptr_t)program->argv,
	    (char *const *)(uintptr_t)program->env);
	fail(t);
}
