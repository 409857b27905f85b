/*
 * Starting a user's program: with vfork, since what the session has mapped
 * is not worth copying for a process that forgets it at once.
 */
#ifndef SP_SESSION_PROGRAM_H
#define SP_SESSION_PROGRAM_H

#include <sallyport/module.h>
#include <sys/types.h>

struct limits_settings;

struct program_start {
	const struct sp_program *program;
	/* What becomes its 0, 1 and 2; close-on-exec, and not below 3. */
	int stdio[3];
	bool has_terminal; /* stdio is one, and becomes its own */
};

/* What came of it besides. */
struct program_outcome {
	int move_error; /* why its folder could not be entered; 0: it was */
	const char *limit; /* one that could not be set; NULL: none */
};

/* Reads what a module's structs of another size have; the rest is 0. */
void program_read(const struct sp_program *from, struct sp_program *program,
    struct sp_limits *limits);

/*
 * What was read, in memory of its own that free() frees; NULL without it.
 * Descriptors are not copied.
 */
struct sp_program *program_copy(const struct sp_program *);

/* Of each limit the tighter holds. */
void program_tighten(struct sp_limits *, const struct limits_settings *);

/*
 * The program's process id: it leads a session and a process group of its
 * own. -1 with errno set when it could not be started, as one of whose
 * limits cannot be set is not. It begins in "/" when its folder could not
 * be entered.
 */
pid_t program_start(const struct program_start *, struct program_outcome *);

#endif
