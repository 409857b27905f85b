/* The functions of module.h that a handler may call. */
#include "daemon/ipc/tally.h"
#include "daemon/log/log.h"
#include "daemon/session/chan.h"
#include "daemon/session/program.h"
#include "daemon/session/signalname.h"
#include "daemon/session/ttyrecord.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RESTRICT "restrict."

const char *
sp_chan_get(struct sp_chan *chan, const char *key)
{
	const struct session_given *given = session_given(chan->session);
	const struct session_facts *facts = &given->facts;
	const struct {
		const char *key;
		const char *value;
	} rows[] = {
		{ "user", facts->account },
		{ "home", facts->home },
		{ "shell", facts->shell },
		{ "identity", facts->identity },
		{ "peer", facts->peer },
		{ "peer_port", facts->peer_port },
		{ "local", facts->local },
		{ "local_port", facts->local_port },
		{ "listener", facts->listener },
		{ "profile", given->profile->name },
		{ "original_command", chan->original },
		{ "greeting", facts->greeting },
		{ "motd", facts->motd },
		{ "handler",
		    chan->handler == NULL ? NULL : chan->handler->name },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].value;
	}
	return strncmp(key, RESTRICT, sizeof RESTRICT - 1) == 0
	    ? restriction_value(&given->restrictions, key + sizeof RESTRICT - 1)
	    : NULL;
}

const char *const *
sp_chan_env(struct sp_chan *chan)
{
	return (const char *const *)chan->environment.variables;
}

const char *const *
sp_chan_login_env(struct sp_chan *chan)
{
	return (const char *const *)session_given(chan->session)
	    ->restrictions.variables;
}

const struct sp_pty *
sp_chan_pty(struct sp_chan *chan)
{
	return chan->pty.is_wanted ? &chan->pty.pty : NULL;
}

void *
sp_chan_state(struct sp_chan *chan, size_t size)
{
	if (chan->state == NULL)
		chan->state = calloc(1, size);
	return chan->state;
}

bool
sp_chan_write(struct sp_chan *chan, uint32_t type, const void *data, size_t len)
{
	return type < CHAN_TEXTS && chan->relay == NULL &&
	    buffer_append(&chan->texts[type], view_of(data, len)) == SP_OK;
}

uint64_t *
sp_chan_counters(struct sp_chan *chan, const void *key, size_t len)
{
	const struct session_given *given = session_given(chan->session);

	if (chan->handler == NULL || !chan->handler->counts)
		return NULL;
	return tally_find(given->tally, given->crypto, view_of(key, len));
}

struct event_base *
sp_chan_base(struct sp_chan *chan)
{
	return session_base(chan->session);
}

/* ---- programs ---- */

/* Both ends of three pipes; [i][0] is to be read. */
struct pipes {
	int fds[3][2];
};

static void
close_pipes(struct pipes *pipes)
{
	int error = errno;

	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 2; j++) {
			if (pipes->fds[i][j] >= 0)
				close(pipes->fds[i][j]);
		}
	}
	errno = error;
}

static bool
open_pipes(struct pipes *pipes)
{
	*pipes = (struct pipes){ { { -1, -1 }, { -1, -1 }, { -1, -1 } } };
	for (int i = 0; i < 3; i++) {
		if (pipe2(pipes->fds[i], O_CLOEXEC) != 0) {
			close_pipes(pipes);
			return false;
		}
	}
	return true;
}

static pid_t
start_on_pipes(
    struct sp_chan *chan, struct program_start *start, const char **limit)
{
	struct pipes pipes;
	pid_t pid;

	if (!open_pipes(&pipes))
		return -1;
	start->stdio[0] = pipes.fds[0][0];
	start->stdio[1] = pipes.fds[1][1];
	start->stdio[2] = pipes.fds[2][1];
	pid = program_start(start, limit);
	if (pid < 0) {
		close_pipes(&pipes);
		return -1;
	}
	chan->in = pipes.fds[0][1];
	chan->out = pipes.fds[1][0];
	chan->err = pipes.fds[2][0];
	close(pipes.fds[0][0]);
	close(pipes.fds[1][1]);
	close(pipes.fds[2][1]);
	return pid;
}

static pid_t
start_on_terminal(
    struct sp_chan *chan, struct program_start *start, const char **limit)
{
	const struct sp_program *program = start->program;
	pid_t pid;

	start->has_terminal = true;
	for (int i = 0; i < 3; i++)
		start->stdio[i] = program->terminal_slave;
	pid = program_start(start, limit);
	if (pid < 0)
		return -1;
	chan->in = chan->out = chan->terminal = program->terminal;
	chan->has_terminal = true;
	chan->record = ttyrecord_begin(chan->session, program->terminal);
	close(program->terminal_slave);
	return pid;
}

/* Keeps errno, which the module tells of. limit may be NULL. */
static void
log_limit(const struct sp_chan *chan, const char *limit)
{
	int error = errno;

	if (limit != NULL)
		log_event(EVENT_LIMIT_FAILED,
		    LOG_FIELDS(log_text(FIELD_DETAIL, limit),
			log_text(FIELD_USER,
			    session_given(chan->session)->facts.user),
			log_text(FIELD_REASON, strerror(error))));
	errno = error;
}

bool
sp_chan_start(struct sp_chan *chan, const struct sp_program *program)
{
	const struct profile_settings *profile =
	    session_given(chan->session)->profile;
	struct sp_program own;
	struct sp_limits limits;
	struct program_start start = {
		.program = &own,
		/* As sshd: under another root a home is no more than a wish. */
		.is_silent = profile->chroot[0] != '\0',
	};
	const char *limit = NULL;
	pid_t pid;

	if (chan->pid > 0 || chan->is_exiting) {
		errno = EBUSY;
		return false;
	}
	program_read(program, &own, &limits);
	program_tighten(&limits, &profile->limits);
	own.limits = &limits;
	if (own.terminal >= 0)
		pid = start_on_terminal(chan, &start, &limit);
	else
		pid = start_on_pipes(chan, &start, &limit);
	if (pid < 0) {
		log_limit(chan, limit);
		return false;
	}
	chan_program_started(chan, pid, limits.time_ms);
	return true;
}

void
sp_chan_kill(struct sp_chan *chan, const char *name)
{
	int number = signalname_number(name);

	if (number > 0 && chan->pid > 0 && !chan->has_exited)
		kill(-chan->pid, number);
}

void
sp_chan_exit(struct sp_chan *chan, uint32_t status)
{
	if (chan->pid > 0 || chan->is_exiting)
		return;
	chan->exit_status = status;
	chan->is_exiting = true;
}
