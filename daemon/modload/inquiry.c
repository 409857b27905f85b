/* Running the login program and reading its answer. It blocks. */
#include "daemon/modload/inquiry.h"

#include "daemon/ipc/kinship.h"
#include "daemon/modload/description.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { READ_SIZE = 4096 };

/* The process id, and where its output is read; -1 with errno set. */
static pid_t
start(const struct inquiry *inquiry, enum loader_kind kind, const char *type,
    int *output)
{
	static const char *const words[] = {
		[LOADER_AUTH] = "auth",
		[LOADER_HANDLER] = "handler",
		[LOADER_STORAGE] = "storage",
	};
	const char *argv[] = { inquiry->program, "--describe", words[kind],
		type, inquiry->folder == NULL ? NULL : "--module-dir",
		inquiry->folder, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid;
	int error;

	if (setenv(KINSHIP_VARIABLE, kinship_version, 1) != 0 ||
	    pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	error = posix_spawn(&pid, inquiry->program, &actions, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		errno = error;
		return -1;
	}
	*output = ends[0];
	return pid;
}

static bool
read_all(int fd, struct buffer *out)
{
	for (;;) {
		uint8_t *room;
		ssize_t n;

		if (buffer_room(out, READ_SIZE, &room) != SP_OK)
			return false;
		n = read(fd, room, READ_SIZE);
		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		buffer_grew(out, (size_t)n);
	}
}

/* Its exit status; -1 where it did not come to that. */
static int
ask(const struct inquiry *inquiry, enum loader_kind kind, const char *type,
    struct buffer *answer)
{
	int output, status = -1;
	pid_t pid = start(inquiry, kind, type, &output);
	bool is_read;

	if (pid < 0)
		return -1;
	is_read = read_all(output, answer);
	close(output);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	errno = EPROTO;
	return is_read && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
describe_failure(const struct inquiry *inquiry, int status, const char *type,
    char *problem, size_t size)
{
	if (status == KINSHIP_EXIT_STATUS)
		snprintf(problem, size,
		    "%s is not of version %s, as this sallyportd is: install "
		    "all programs in one version, then restart the daemon",
		    inquiry->program, kinship_version);
	else if (status >= 0 || errno == EPROTO)
		snprintf(problem, size,
		    "module \"%s\" ends the program that loads it (%s)", type,
		    inquiry->program);
	else
		snprintf(problem, size, "cannot ask %s about module \"%s\": %s",
		    inquiry->program, type, strerror(errno));
}

bool
inquiry_describe(void *arg, enum loader_kind kind, const char *type,
    struct loader_module *module, char *problem, size_t size)
{
	const struct inquiry *inquiry = arg;
	struct description description = { 0 };
	struct buffer answer;
	bool has_answer;
	int status;

	buffer_init(&answer, DESCRIPTION_MAX);
	status = ask(inquiry, kind, type, &answer);
	has_answer = status == 0 &&
	    description_decode(
		buffer_view(&answer), inquiry->arena, &description) == SP_OK;
	if (!has_answer)
		describe_failure(inquiry, status, type, problem, size);
	buffer_clear(&answer);
	if (!has_answer)
		return false;
	if (description.problem != NULL) {
		snprintf(problem, size, "%s", description.problem);
		return false;
	}
	module->serves = description.serves;
	module->options = description.rows;
	module->has_service = description.has_service;
	return true;
}
