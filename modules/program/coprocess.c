/* A program, its pipes, and a line at a time. */
#include "modules/program/coprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LAST_SIGNAL = 64 };

/* ---- its life ---- */

static void
reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i <= LAST_SIGNAL; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child. It ends with us, whatever we end of. */
static _Noreturn void
become(pid_t parent, int in, int out, const char *const argv[],
    const char *const env[])
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	reset_signals();
	setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    null >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
	    chdir("/") == 0 &&
	    (syscall(SYS_close_range, 3U, ~0U, 0) == 0 || errno == ENOSYS))
		execve(argv[0], (char *const *)(uintptr_t)argv,
		    (char *const *)(uintptr_t)env);
	_exit(127);
}

static void
close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

bool
coprocess_start(
    struct coprocess *c, const char *const argv[], const char *const env[])
{
	pid_t parent = getpid(), pid;
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close_pair(in);
		return false;
	}
	pid = fork();
	if (pid == 0)
		become(parent, in[0], out[1], argv, env);
	close(in[0]);
	close(out[1]);
	if (pid < 0 || fcntl(in[1], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) != 0) {
		close(in[1]);
		close(out[0]);
		return false;
	}
	*c = (struct coprocess){ .pid = pid, .in = in[1], .out = out[0] };
	return true;
}

/* Who has closed its output has mostly ended, or does so in a moment. */
static bool
has_ended(const struct coprocess *c, int *status)
{
	const struct timespec moment = { .tv_nsec = 2000000 };
	pid_t ended = waitpid(c->pid, status, WNOHANG);

	for (int i = 0; i < 25 && ended == 0 && c->has_closed; i++) {
		nanosleep(&moment, NULL);
		ended = waitpid(c->pid, status, WNOHANG);
	}
	return ended == c->pid;
}

/* Its whole session: what it started has nobody to answer any more. */
void
coprocess_end(struct coprocess *c, char reason[COPROCESS_REASON_SIZE])
{
	int status = 0;
	bool had_ended = has_ended(c, &status);

	kill(-c->pid, SIGKILL);
	if (!had_ended) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
			continue;
	}
	if (!had_ended)
		snprintf(reason, COPROCESS_REASON_SIZE,
		    "it closed its output, and was ended");
	else if (WIFSIGNALED(status))
		snprintf(reason, COPROCESS_REASON_SIZE, "it died of signal %d",
		    WTERMSIG(status));
	else
		snprintf(reason, COPROCESS_REASON_SIZE,
		    "it ended with status %d", WEXITSTATUS(status));
	close(c->in);
	close(c->out);
	coprocess_wipe(c);
	*c = (struct coprocess){ .in = -1, .out = -1 };
}

/* ---- questions ---- */

void
coprocess_wipe(struct coprocess *c)
{
	explicit_bzero(c->line, sizeof c->line);
	c->len = 0;
}

void
coprocess_ask(struct coprocess *c, const char *question, size_t len)
{
	c->question = question;
	c->left = len;
}

size_t
coprocess_watch(const struct coprocess *c, struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = c->out, .events = POLLIN };
	fds[1] = (struct pollfd){
		.fd = c->left > 0 ? c->in : -1,
		.events = POLLOUT,
	};
	return 2;
}

/* False when it takes nothing any more. */
static bool
write_question(struct coprocess *c)
{
	while (c->left > 0) {
		ssize_t n = write(c->in, c->question, c->left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		c->question += n;
		c->left -= (size_t)n;
	}
	return true;
}

static enum coprocess_state
refuse(char reason[COPROCESS_REASON_SIZE], const char *phrase)
{
	snprintf(reason, COPROCESS_REASON_SIZE, "%s", phrase);
	return COPROCESS_BROKEN;
}

/* A whole line, and nothing behind it, once the question is written. */
static enum coprocess_state
look(struct coprocess *c, bool is_asked, char reason[COPROCESS_REASON_SIZE])
{
	const char *end = memchr(c->line, '\n', c->len);

	if (c->len > 0 && !is_asked)
		return refuse(reason, "it wrote what nobody had asked for");
	if (end == NULL)
		return c->len == sizeof c->line
		    ? refuse(reason, "its answer is too long")
		    : COPROCESS_BUSY;
	if (c->left > 0)
		return refuse(reason, "it answered before it was asked");
	if (end != c->line + c->len - 1)
		return refuse(reason, "it wrote more than one answer");
	c->len--;
	c->question = NULL;
	return COPROCESS_ANSWERED;
}

enum coprocess_state
coprocess_serve(struct coprocess *c, char reason[COPROCESS_REASON_SIZE])
{
	bool is_asked = c->question != NULL, takes = write_question(c);
	enum coprocess_state state;
	ssize_t n;

	do {
		n = read(c->out, c->line + c->len, sizeof c->line - c->len);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		c->len += (size_t)n;
		state = look(c, is_asked, reason);
		if (state != COPROCESS_BUSY)
			return state;
	}
	if ((n > 0 || (n < 0 && errno == EAGAIN)) && takes)
		return COPROCESS_BUSY;
	c->has_closed = n == 0;
	return refuse(reason, "");
}
