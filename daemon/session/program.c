/*
 * From vfork() to execve() the child shares our memory: it calls only what
 * is safe in a signal handler, and leaves errors in a struct of ours.
 */
#include "daemon/session/program.h"

#include "daemon/config/settings.h"
#include "daemon/confine/confine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
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
set_limits(const struct sp_limits *limits, volatile struct child_errors *errors)
{
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
		errors->limit = limit_rows[i].name;
		return false;
	}
	return true;
}

static bool
enter_folder(
    const struct sp_program *program, volatile struct child_errors *errors)
{
	/* That it was opened was the way in. */
	if (program->folder > 0 || chdir(program->cwd) == 0)
		return true;
	errors->move = errno;
	if (program->needs_cwd)
		return false;
	if (chdir("/") != 0)
		errors->move = errno;
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
	    (program->folder <= 0 || fchdir(program->folder) == 0) &&
	    confine_restore_for_program() &&
	    set_limits(program->limits, errors) &&
	    enter_folder(program, errors))
		execve(program->path, (char *const *)(uintptr_t)program->argv,
		    (char *const *)(uintptr_t)program->env);
	errors->start = errno;
	_exit(127);
}

/* As much of a struct as both sides know. */
static void
read_sized(void *to, size_t size, const void *from, uint32_t their_size)
{
	memset(to, 0, size);
	memcpy(to, from, their_size < size ? their_size : size);
}

void
program_read(const struct sp_program *from, struct sp_program *program,
    struct sp_limits *limits)
{
	read_sized(program, sizeof *program, from, from->size);
	*limits = (struct sp_limits){ .size = sizeof *limits };
	if (program->limits != NULL)
		read_sized(limits, sizeof *limits, program->limits,
		    program->limits->size);
	program->limits = limits;
}

/* 0 is no limit. */
static void
take_tighter(uint64_t *limit, uint64_t other)
{
	if (other != 0 && (*limit == 0 || other < *limit))
		*limit = other;
}

/* ---- copies ---- */

/* Where the next text, or list of texts, is put. */
struct copying {
	const char **lists;
	char *texts;
};

static size_t
count_texts(const char *const *list, size_t *bytes)
{
	size_t count = 0;

	for (; list[count] != NULL; count++)
		*bytes += strlen(list[count]) + 1;
	return count;
}

static const char *
copy_text(struct copying *to, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = to->texts;

	memcpy(copy, text, size);
	to->texts += size;
	return copy;
}

static const char *const *
copy_list(struct copying *to, const char *const *list)
{
	const char **copy = to->lists;

	for (; *list != NULL; list++)
		*to->lists++ = copy_text(to, *list);
	*to->lists++ = NULL;
	return copy;
}

struct sp_program *
program_copy(const struct sp_program *program)
{
	struct whole {
		struct sp_program program;
		struct sp_limits limits;
		const char *lists[];
	} * whole;
	size_t bytes = strlen(program->path) + strlen(program->cwd) + 2;
	size_t count = count_texts(program->argv, &bytes) + 1;
	struct copying to;

	count += count_texts(program->env, &bytes) + 1;
	whole = malloc(sizeof *whole + count * sizeof whole->lists[0] + bytes);
	if (whole == NULL)
		return NULL;
	to.lists = whole->lists;
	to.texts = (char *)(whole->lists + count);
	whole->limits = *program->limits;
	whole->program = *program;
	whole->program.path = copy_text(&to, program->path);
	whole->program.cwd = copy_text(&to, program->cwd);
	whole->program.argv = copy_list(&to, program->argv);
	whole->program.env = copy_list(&to, program->env);
	whole->program.limits = &whole->limits;
	return &whole->program;
}

/* ---- limits ---- */

void
program_tighten(
    struct sp_limits *limits, const struct limits_settings *settings)
{
	take_tighter(&limits->cpu_ms, settings->cpu * 1000);
	take_tighter(&limits->memory, settings->memory);
	take_tighter(&limits->processes, settings->processes);
	take_tighter(&limits->files, settings->files);
	take_tighter(&limits->time_ms, settings->time);
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
