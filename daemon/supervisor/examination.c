/* Examining a configuration in a process of its own. */
#include "daemon/supervisor/examination.h"

#include "daemon/config/projection.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIME_MAX = 30000 }; /* ms: a module may look things up */

enum { OK, HAS_MISTAKES, HAS_FAILED };

static uint32_t
count_gates(const struct settings *settings)
{
	cpu_set_t cores;

	if (settings->server.gates > 0)
		return settings->server.gates;
	if (sched_getaffinity(0, sizeof cores, &cores) != 0)
		return 1;
	return (uint32_t)CPU_COUNT(&cores);
}

/* Mistakes, as text, at the end of a file. */
static void
tell_mistakes(struct mistakes *mistakes, int fd)
{
	FILE *file = fdopen(dup(fd), "w");

	if (file == NULL)
		return;
	mistake_print(mistakes, file);
	fclose(file);
}

static bool
write_bytes(int fd, struct sp_view bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n <= 0)
			return false;
		bytes = view_of(bytes.data + n, bytes.len - (size_t)n);
	}
	return true;
}

static bool
write_projections(const struct examination *e, const struct settings *settings)
{
	struct buffer buffer;
	bool done = false;

	buffer_init(&buffer, PROJECTION_MAX);
	if (projection_write_gate(settings, count_gates(settings), &buffer) ==
	    SP_OK)
		done = write_bytes(e->gate, buffer_view(&buffer));
	buffer_clear(&buffer);
	if (done && projection_write_keyholder(settings, &buffer) == SP_OK)
		done = write_bytes(e->keyholder, buffer_view(&buffer));
	buffer_clear(&buffer);
	if (done && projection_write_login(settings, &buffer) == SP_OK)
		done = write_bytes(e->login, buffer_view(&buffer));
	buffer_clear(&buffer);
	return done;
}

/* In the child. */
static int
examine(const struct examination *e, const struct loader_request *request,
    int mistakes_fd)
{
	struct settings *settings;
	struct mistakes mistakes;

	mistake_init(&mistakes);
	settings = loader_read(request, &mistakes);
	if (settings == NULL) {
		tell_mistakes(&mistakes, mistakes_fd);
		return HAS_MISTAKES;
	}
	return write_projections(e, settings) ? OK : HAS_FAILED;
}

/* The write end of the pipe is the child's alone: it closes at its end. */
static int
wait_for(pid_t pid, int pipe_end)
{
	struct pollfd ended = { .fd = pipe_end, .events = POLLIN };
	int status, n;

	do {
		n = poll(&ended, 1, TIME_MAX);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return HAS_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : HAS_FAILED;
}

static int
run_child(const struct examination *e, const struct loader_request *request,
    int mistakes_fd)
{
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return HAS_FAILED;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		_exit(examine(e, request, mistakes_fd));
	}
	close(ends[1]);
	status = pid < 0 ? HAS_FAILED : wait_for(pid, ends[0]);
	close(ends[0]);
	return status;
}

static void
append_file(int fd, char *what, size_t size)
{
	size_t len = strlen(what);
	ssize_t n = pread(fd, what + len, size - len - 1, 0);

	what[len + (n > 0 ? (size_t)n : 0)] = '\0';
}

static int
open_memory(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/* Nobody who is handed it can change what the others read. */
static bool
seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS,
		   F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) ==
	    0;
}

/* The supervisor's own reading: addresses, counts, the log. */
static bool
read_settings(struct examination *e, const struct loader_request *request,
    char *what, size_t size)
{
	const struct loader_request plain = { .path = request->path };
	struct mistakes mistakes;
	int fd;

	mistake_init(&mistakes);
	e->settings = loader_read(&plain, &mistakes);
	if (e->settings == NULL) {
		fd = open_memory("mistakes");
		if (fd >= 0) {
			tell_mistakes(&mistakes, fd);
			append_file(fd, what, size);
			close(fd);
		}
	}
	mistake_clear(&mistakes);
	return e->settings != NULL;
}

static bool
read_with_modules(struct examination *e, const struct loader_request *request,
    char *what, size_t size)
{
	int mistakes_fd = open_memory("mistakes");
	size_t len = strlen(what);
	int status = HAS_FAILED;

	if (mistakes_fd >= 0 && e->gate >= 0 && e->keyholder >= 0 &&
	    e->login >= 0)
		status = run_child(e, request, mistakes_fd);
	if (status == HAS_MISTAKES)
		append_file(mistakes_fd, what, size);
	else if (status != OK)
		snprintf(what + len, size - len,
		    "the process that reads the configuration failed: a "
		    "module may have crashed or hung\n");
	if (mistakes_fd >= 0)
		close(mistakes_fd);
	return status == OK;
}

bool
examination_run(struct examination *e, const struct loader_request *request,
    char *what, size_t size)
{
	*e = (struct examination){
		.gate = open_memory("gate"),
		.keyholder = open_memory("keyholder"),
		.login = open_memory("login"),
	};
	if (read_with_modules(e, request, what, size) &&
	    read_settings(e, request, what, size) && seal(e->gate) &&
	    seal(e->keyholder) && seal(e->login)) {
		e->gates = count_gates(e->settings);
		return true;
	}
	examination_clear(e);
	return false;
}

void
examination_clear(struct examination *e)
{
	const int fds[] = { e->gate, e->keyholder, e->login };

	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (e->settings != NULL)
		settings_free(e->settings);
	*e = (struct examination){ .gate = -1, .keyholder = -1, .login = -1 };
}
