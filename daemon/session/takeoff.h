/*
 * What a child does between vfork() and execve(): it shares our memory, so
 * it calls only what is safe in a signal handler.
 */
#ifndef SP_SESSION_TAKEOFF_H
#define SP_SESSION_TAKEOFF_H

#include <sallyport/module.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/types.h>

struct takeoff {
	const struct sp_program *program; /* its limits are there, or NULL */
	int stdio[3]; /* what becomes 0, 1 and 2; not below 3 */
	bool has_terminal; /* stdio is one, and becomes its own */
	bool is_silent; /* about a folder that could not be entered */

	/*
	 * Posted when all is done that depends on the kernel alone; what
	 * comes behind that asks file systems, which may never answer.
	 */
	sem_t prepared;
	/* The child's, set before it is prepared. */
	pid_t pid; /* 0: it failed on the way to there */
	const char *limit; /* one that could not be set; NULL: none */
	/* Why it did not come to run; 0 if it did, or is on its way. */
	atomic_int error;
};

/* Becomes the program, or says why not and exits with TAKEOFF_FAILED. */
enum { TAKEOFF_FAILED = 126 };
_Noreturn void takeoff_go(struct takeoff *);

#endif
