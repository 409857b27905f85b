/* Variables for a shell or command, as sshd(8) sets them. */
#include "modules/login/loginenv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
has(const struct loginenv *env, const char *variable)
{
	size_t len = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->variables[i], variable, len) == 0)
			return true;
	}
	return false;
}

/* Takes variable, which is allocated; NULL where that has failed. */
static void
add(struct loginenv *env, char *variable)
{
	if (variable == NULL || env->count + 1 >= env->room) {
		env->has_failed = true;
		free(variable);
		return;
	}
	if (has(env, variable)) {
		free(variable);
		return;
	}
	env->variables[env->count++] = variable;
}

__attribute__((format(printf, 2, 3))) static void
set(struct loginenv *env, const char *format, ...)
{
	char *variable = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&variable, format, args) < 0)
		variable = NULL;
	va_end(args);
	add(env, variable);
}

static void
set_account(struct loginenv *env, struct sp_chan *chan, const char *path)
{
	const char *user = sp_chan_get(chan, "user");

	set(env, "USER=%s", user);
	set(env, "LOGNAME=%s", user);
	set(env, "HOME=%s", sp_chan_get(chan, "home"));
	set(env, "PATH=%s", path);
	set(env, "SHELL=%s", sp_chan_get(chan, "shell"));
	set(env, "MAIL=/var/mail/%s", user);
}

static void
set_connection(struct loginenv *env, struct sp_chan *chan)
{
	const char *peer = sp_chan_get(chan, "peer");
	const char *peer_port = sp_chan_get(chan, "peer_port");
	const char *local_port = sp_chan_get(chan, "local_port");

	set(env, "SSH_CLIENT=%s %s %s", peer, peer_port, local_port);
	set(env, "SSH_CONNECTION=%s %s %s %s", peer, peer_port,
	    sp_chan_get(chan, "local"), local_port);
}

/* The profile runs a command of its own instead of this one. */
static void
set_original(struct loginenv *env, struct sp_chan *chan)
{
	const char *original = sp_chan_get(chan, "original_command");

	if (original != NULL)
		set(env, "SSH_ORIGINAL_COMMAND=%s", original);
}

static void
set_terminal(struct loginenv *env, struct sp_chan *chan, const char *terminal)
{
	if (terminal == NULL)
		return;
	set(env, "SSH_TTY=%s", terminal);
	set(env, "TERM=%s", sp_chan_pty(chan)->term);
}

bool
loginenv_make(struct loginenv *env, struct sp_chan *chan, const char *path,
    const char *terminal)
{
	enum { OWN = 16 };
	const char *const *clients = sp_chan_env(chan);
	const char *const *logins = sp_chan_login_env(chan);
	size_t count = 0;

	for (size_t i = 0; clients[i] != NULL; i++)
		count++;
	for (size_t i = 0; logins[i] != NULL; i++)
		count++;
	*env = (struct loginenv){ .room = count + OWN };
	env->variables = calloc(env->room, sizeof *env->variables);
	if (env->variables == NULL)
		return false;
	for (size_t i = 0; logins[i] != NULL; i++)
		set(env, "%s", logins[i]);
	set_account(env, chan, path);
	set_connection(env, chan);
	set_original(env, chan);
	set_terminal(env, chan, terminal);
	for (size_t i = 0; i < count; i++)
		set(env, "%s", clients[i]);
	return !env->has_failed;
}

void
loginenv_clear(struct loginenv *env)
{
	for (size_t i = 0; i < env->count; i++)
		free(env->variables[i]);
	free(env->variables);
	*env = (struct loginenv){ 0 };
}
