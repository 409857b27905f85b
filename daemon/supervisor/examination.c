/* Examining a configuration in a process of its own. */
#include "daemon/supervisor/examination.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is decoded takes more room than it was written in, but no more so. */
enum { ROOM_A_BYTE = 16, ROOM_BESIDE = 4096 };

/* A verdict is one byte; without one it has failed. */
enum { HAS_FAILED, HAS_MISTAKES, IS_GOOD };

static uint32_t
count_gates(const struct settings *settings)
{
	cpu_set_t cores;

	if (settings->server.gates == SETTINGS_GATES_PER_CONNECTION)
		return 1; /* who accepts for all */
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

/* One each, in the first of the files; the others stay empty. */
static bool
write_services(const struct examination *e, const struct settings *settings)
{
	const struct access_settings *access = &settings->access;
	struct buffer buffer;
	size_t place = 0;
	bool done = true;

	for (size_t i = 0; i < access->auth_count && done; i++) {
		if (!access->auths[i].has_service)
			continue;
		buffer_init(&buffer, PROJECTION_MAX);
		done =
		    projection_write_service(settings, i, &buffer) == SP_OK &&
		    write_bytes(e->services[place++], buffer_view(&buffer));
		buffer_clear(&buffer);
	}
	return done;
}

static bool
write_projections(const struct examination *e, const struct settings *settings)
{
	const uint32_t gates = count_gates(settings);
	struct buffer buffer;
	bool done = false;

	buffer_init(&buffer, PROJECTION_MAX);
	if (projection_write_supervisor(settings, gates, &buffer) == SP_OK)
		done = write_bytes(e->supervisor, buffer_view(&buffer));
	buffer_clear(&buffer);
	if (done && projection_write_gate(settings, gates, &buffer) == SP_OK)
		done = write_bytes(e->gate, buffer_view(&buffer));
	buffer_clear(&buffer);
	if (done && projection_write_keyholder(settings, &buffer) == SP_OK)
		done = write_bytes(e->keyholder, buffer_view(&buffer));
	buffer_clear(&buffer);
	if (done && projection_write_login(settings, &buffer) == SP_OK)
		done = write_bytes(e->login, buffer_view(&buffer));
	buffer_clear(&buffer);
	if (done && projection_write_ledger(settings, &buffer) == SP_OK)
		done = write_bytes(e->ledger, buffer_view(&buffer));
	buffer_clear(&buffer);
	return done && write_services(e, settings);
}

/* In the child. */
static char
examine(const struct examination *e, const struct loader_request *request)
{
	struct settings *settings;
	struct mistakes mistakes;

	mistake_init(&mistakes);
	settings = loader_read(request, &mistakes);
	if (settings == NULL) {
		tell_mistakes(&mistakes, e->mistakes);
		return HAS_MISTAKES;
	}
	return write_projections(e, settings) ? IS_GOOD : HAS_FAILED;
}

/* The write end of the pipe is the child's alone: it closes at its end. */
static bool
start_reader(struct examination *e, const struct loader_request *request)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	e->reader = fork();
	if (e->reader == 0) {
		char verdict = examine(e, request);

		_exit(write(ends[1], &verdict, 1) == 1 ? EXIT_SUCCESS
						       : EXIT_FAILURE);
	}
	close(ends[1]);
	e->verdict = ends[0];
	return e->reader > 0;
}

/* Who has not ended yet has kept the pipe open, and is still there. */
static char
take_verdict(struct examination *e)
{
	char verdict = HAS_FAILED;

	if (read(e->verdict, &verdict, 1) < 0 && e->reader > 0)
		kill(e->reader, SIGKILL);
	close(e->verdict);
	e->verdict = -1;
	e->reader = -1;
	return verdict;
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

static bool
open_services(struct examination *e)
{
	bool has_all = true;

	for (size_t i = 0; i < SETTINGS_SERVICES_MAX; i++) {
		e->services[i] = open_memory("service");
		has_all = has_all && e->services[i] >= 0;
	}
	return has_all;
}

/* Nobody who is handed it can change what the others read. */
static bool
seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS,
		   F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) ==
	    0;
}

/* The whole of our own projection, and room for what comes of it. */
static bool
read_own(struct examination *e, struct sp_view *view)
{
	struct stat st;
	uint8_t *room;
	size_t size;

	if (fstat(e->supervisor, &st) != 0)
		return false;
	errno = EMSGSIZE;
	if (st.st_size < 0 || st.st_size > PROJECTION_MAX)
		return false;
	size = (size_t)st.st_size;
	errno = ENOMEM;
	if (!arena_reserve(&e->arena, size * ROOM_A_BYTE + ROOM_BESIDE))
		return false;
	room = arena_alloc(&e->arena, size, 1);
	*view = view_of(room, size);
	errno = EIO;
	return pread(e->supervisor, room, size, 0) == (ssize_t)size;
}

static bool
read_settings(struct examination *e, char *what, size_t size)
{
	size_t len = strlen(what);
	struct sp_view view;
	enum sp_status status;

	if (!read_own(e, &view)) {
		snprintf(what + len, size - len,
		    "what was read of it cannot be taken over: %s\n",
		    strerror(errno));
		return false;
	}
	status = projection_read_supervisor(view, &e->arena, &e->settings);
	if (status != SP_OK)
		snprintf(what + len, size - len,
		    "what was read of it is malformed: %s\n",
		    sp_status_text(status));
	return status == SP_OK;
}

/* Those that were written are there; the others are closed. */
static bool
seal_services(struct examination *e)
{
	bool are_sealed = true;

	for (size_t i = 0; i < SETTINGS_SERVICES_MAX; i++) {
		if (i < e->settings.service_count) {
			are_sealed = seal(e->services[i]) && are_sealed;
			continue;
		}
		close(e->services[i]);
		e->services[i] = -1;
	}
	return are_sealed;
}

static void
tell_failure(char *what, size_t size)
{
	size_t len = strlen(what);

	snprintf(what + len, size - len,
	    "the process that reads the configuration failed: a module may "
	    "have crashed or hung\n");
}

bool
examination_begin(struct examination *e, const struct loader_request *request,
    char *what, size_t size)
{
	*e = (struct examination){
		.supervisor = open_memory("supervisor"),
		.gate = open_memory("gate"),
		.keyholder = open_memory("keyholder"),
		.login = open_memory("login"),
		.ledger = open_memory("ledger"),
		.mistakes = open_memory("mistakes"),
		.reader = -1,
		.verdict = -1,
	};
	arena_init(&e->arena);
	if (!open_services(e)) {
		snprintf(what, size, "no memory to read it into: %s\n",
		    strerror(errno));
		examination_clear(e);
		return false;
	}
	if (e->supervisor >= 0 && e->gate >= 0 && e->keyholder >= 0 &&
	    e->login >= 0 && e->ledger >= 0 && e->mistakes >= 0 &&
	    start_reader(e, request))
		return true;
	snprintf(what, size, "no process to read the configuration with: %s\n",
	    strerror(errno));
	examination_clear(e);
	return false;
}

bool
examination_end(struct examination *e, char *what, size_t size)
{
	char verdict = take_verdict(e);

	if (verdict == HAS_MISTAKES)
		append_file(e->mistakes, what, size);
	else if (verdict != IS_GOOD)
		tell_failure(what, size);
	if (verdict == IS_GOOD && read_settings(e, what, size) &&
	    seal(e->gate) && seal(e->keyholder) && seal(e->login) &&
	    seal(e->ledger) && seal_services(e))
		return true;
	examination_clear(e);
	return false;
}

bool
examination_run(struct examination *e, const struct loader_request *request,
    char *what, size_t size)
{
	struct pollfd verdict = { .events = POLLIN };
	bool is_good;
	pid_t reader;
	int n;

	if (!examination_begin(e, request, what, size))
		return false;
	reader = e->reader;
	verdict.fd = e->verdict;
	do {
		n = poll(&verdict, 1, EXAMINATION_TIME);
	} while (n < 0 && errno == EINTR);
	is_good = examination_end(e, what, size);
	while (waitpid(reader, NULL, 0) < 0 && errno == EINTR)
		continue;
	return is_good;
}

void
examination_clear(struct examination *e)
{
	const int fds[] = { e->supervisor, e->gate, e->keyholder, e->login,
		e->ledger, e->mistakes };

	if (e->verdict >= 0)
		take_verdict(e);
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (size_t i = 0; i < SETTINGS_SERVICES_MAX; i++)
		if (e->services[i] >= 0)
			close(e->services[i]);
	arena_clear(&e->arena);
	*e = (struct examination){ .supervisor = -1,
		.gate = -1,
		.keyholder = -1,
		.login = -1,
		.ledger = -1,
		.mistakes = -1,
		.reader = -1,
		.verdict = -1 };
	for (size_t i = 0; i < SETTINGS_SERVICES_MAX; i++)
		e->services[i] = -1;
}
