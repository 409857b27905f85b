/*
 * Starting a program: with exec, with the descriptors of ipc.h and no
 * others, in a session of its own, with next to no environment.
 */
#ifndef SP_SUPERVISOR_LAUNCH_H
#define SP_SUPERVISOR_LAUNCH_H

#include "daemon/ipc/ipc.h"

enum { LAUNCH_ARGUMENTS = 6, LAUNCH_PROGRAMS = 5 };

/*
 * The programs of one crew, held open: what dies is replaced by the same
 * program, whatever has been installed meanwhile.
 */
struct launch_programs {
	int files[LAUNCH_PROGRAMS]; /* launch.c's own */
};

/* What one program is started from; borrowed. */
struct launch_kit {
	int program; /* its open file */
	int projection; /* its part of the settings */
};

struct launch_spec {
	enum ipc_role role; /* keyholder, gate, login, ledger or service */
	const char *arguments[LAUNCH_ARGUMENTS]; /* up to the first NULL */
	struct launch_kit kit;
	int control; /* borrowed, as what follows */
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
 * Finds and opens all of them, as they are now. False with a sentence in
 * problem (size bytes), and nothing open.
 */
SP_MUST_USE bool
launch_open(struct launch_programs *, char *problem, size_t size);
/* Safe on one that is all -1. */
void launch_close(struct launch_programs *);
/* Borrowed. */
int launch_program(const struct launch_programs *, enum ipc_role);

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
