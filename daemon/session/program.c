/* Programs on their way: a thread each, until they have come to run. */
#include "daemon/session/program.h"

#include "daemon/config/settings.h"
#include "daemon/session/programcopy.h"
#include "daemon/session/takeoff.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* ---- what a program is started with, for as long as it takes ---- */

struct launch {
	TAILQ_ENTRY(launch) link;
	struct takeoff takeoff;
	struct sp_program *program; /* a copy */
	bool is_reaped;
	/* The thread's last word: nobody looks at this any more but us. */
	atomic_bool is_over;
};

/* Those whose thread was not seen to have ended, or that have failed. */
static TAILQ_HEAD(, launch) launches = TAILQ_HEAD_INITIALIZER(launches);

static void
free_launch(struct launch *l)
{
	sem_destroy(&l->takeoff.prepared);
	free(l->program);
	free(l);
}

static struct launch *
new_launch(const struct program_start *start)
{
	struct launch *l = malloc(sizeof *l);

	if (l == NULL)
		return NULL;
	*l = (struct launch){
		.program = programcopy_new(start->program),
		.takeoff = {
			.has_terminal = start->has_terminal,
			.is_silent = start->is_silent,
		},
	};
	l->takeoff.program = l->program;
	memcpy(l->takeoff.stdio, start->stdio, sizeof start->stdio);
	/* It fails for none but too large a number. */
	sem_init(&l->takeoff.prepared, 0, 0);
	if (l->program != NULL)
		return l;
	free_launch(l);
	errno = ENOMEM;
	return NULL;
}

static void
forget(struct launch *l)
{
	TAILQ_REMOVE(&launches, l, link);
	free_launch(l);
}

/* Who ran is known by not being there; the others wait to be reaped. */
static void
sweep(void)
{
	struct launch *l, *next;

	for (l = TAILQ_FIRST(&launches); l != NULL; l = next) {
		next = TAILQ_NEXT(l, link);
		if (atomic_load(&l->is_over) &&
		    (l->is_reaped || atomic_load(&l->takeoff.error) == 0))
			forget(l);
	}
}

/* ---- the thread ---- */

/*
 * It calls nothing that allocates, which would give it a heap of its own.
 * vfork() returns when the child has become the program, or is gone; what
 * the child shares with us of its C library is this thread's.
 */
static void *
wait_for_takeoff(void *arg)
{
	struct launch *l = arg;
	pid_t pid = vfork();

	if (pid == 0)
		takeoff_go(&l->takeoff);
	if (pid < 0)
		atomic_store(&l->takeoff.error, errno);
	/* A child that never was prepared is nobody's: reap it. */
	if (pid > 0 && l->takeoff.pid == 0)
		waitpid(pid, NULL, 0);
	sem_post(&l->takeoff.prepared);
	atomic_store(&l->is_over, true);
	return NULL;
}

/* What vfork() and the child's few functions need, sanitizers' frames too. */
enum { STACK_SIZE = 256 * 1024 };

static int
start_thread(struct launch *l)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	error = pthread_attr_setstacksize(&attributes, STACK_SIZE);
	if (error == 0)
		error = pthread_attr_setdetachstate(
		    &attributes, PTHREAD_CREATE_DETACHED);
	if (error == 0)
		error =
		    pthread_create(&thread, &attributes, wait_for_takeoff, l);
	pthread_attr_destroy(&attributes);
	return error;
}

/*
 * No handler of ours may run in the thread or its child. Until the child is
 * prepared we wait, so that none of our descriptors comes to be meanwhile.
 */
static int
launch(struct launch *l)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	error = start_thread(l);
	if (error == 0)
		sem_wait(&l->takeoff.prepared);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

pid_t
program_start(const struct program_start *start, const char **limit)
{
	struct launch *l;
	int error;

	*limit = NULL;
	sweep();
	l = new_launch(start);
	if (l == NULL)
		return -1;
	error = launch(l);
	if (error != 0) {
		free_launch(l);
		errno = error;
		return -1;
	}
	TAILQ_INSERT_TAIL(&launches, l, link);
	if (l->takeoff.pid > 0)
		return l->takeoff.pid;
	*limit = l->takeoff.limit;
	l->is_reaped = true;
	errno = atomic_load(&l->takeoff.error);
	return -1;
}

bool
program_has_failed(pid_t pid, struct program_failure *failure)
{
	struct launch *l;

	TAILQ_FOREACH(l, &launches, link)
	{
		if (l->takeoff.pid == pid && !l->is_reaped)
			break;
	}
	if (l == NULL)
		return false;
	l->is_reaped = true;
	failure->error = atomic_load(&l->takeoff.error);
	snprintf(failure->path, sizeof failure->path, "%s", l->program->path);
	snprintf(failure->cwd, sizeof failure->cwd, "%s",
	    l->program->folder > 0 ? "" : l->program->cwd);
	return failure->error != 0;
}
