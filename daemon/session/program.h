/*
 * Starting a user's program: with vfork, since what the session has mapped
 * is not worth copying for a process that forgets it at once. Its folder
 * and its file may be on a file system that does not answer; then a thread
 * waits for it, and the session goes on.
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
	bool is_silent; /* about a folder that could not be entered */
};

/* Reads what a module's structs of another size have; the rest is 0. */
void program_read(const struct sp_program *from, struct sp_program *program,
    struct sp_limits *limits);

/* Of each limit the tighter holds. */
void program_tighten(struct sp_limits *, const struct limits_settings *);

/*
 * The program's process id: it leads a session and a process group of its
 * own, and has its limits; its folder and itself it may not have found yet.
 * -1 with errno set when it could not be started, as one of whose limits
 * cannot be set is not: then limit is its name, and else NULL. All that is
 * borrowed may go after the call. It begins in "/" when its folder could
 * not be entered, which its stderr then says.
 */
pid_t program_start(const struct program_start *, const char **limit);

/*
 * To be told of each that was reaped. False where it ran; else it exited
 * without, and this is why.
 */
struct program_failure {
	int error;
	char path[256], cwd[256]; /* cut off where they are longer */
};
bool program_has_failed(pid_t, struct program_failure *);

#endif
