/*
 * Starting a program: with exec, with the descriptors of ipc.h and no
 * others, in a session of its own, with next to no environment.
 */
#ifndef SP_SUPERVISOR_LAUNCH_H
#define SP_SUPERVISOR_LAUNCH_H

#include "daemon/ipc/ipc.h"

enum { LAUNCH_ARGUMENTS = 6 };

struct launch_spec {
	enum ipc_role role; /* keyholder, gate or login */
	const char *arguments[LAUNCH_ARGUMENTS]; /* up to the first NULL */
	int control; /* all borrowed; what the program finds as 3, 4, 5 */
	int projection;
	int log;
	bool keep_stderr;
};

/*
 * Finds a role's program: beside this one (a build tree), else where it is
 * installed. False with a sentence in problem (size bytes) when it is
 * missing.
 */
SP_MUST_USE bool launch_find(enum ipc_role, char *problem, size_t size);

/* Where it was found; "" before. */
const char *launch_path(enum ipc_role);

/*
 * Where a build tree has its modules; NULL when this is none: the login
 * program knows where they are installed.
 */
const char *launch_modules(void);

/*
 * Lets this process have more descriptors, for one of each session. What it
 * starts has as many as before. The number of sessions there is room for.
 */
size_t launch_raise_files(void);

/* Its process id; -1 with errno set. launch_find() came before. */
SP_MUST_USE pid_t launch_start(const struct launch_spec *);

#endif
