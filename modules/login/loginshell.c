/*
 * The handler module "login": the account's shell, and commands by it,
 * with or without a terminal.
 */
#include "modules/login/loginenv.h"
#include "modules/login/motd.h"
#include "modules/login/terminal.h"

#include <sallyport/module.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

struct conf {
	const char *path;
	const char *root_path;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, path, SP_O_STR,
	    "/usr/local/bin:/usr/bin:/bin:/usr/games",
	    "PATH of shells and commands") },
	{ SP_OPT(struct conf, root_path, SP_O_STR,
	    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	    "the same for root") },
	{ .name = NULL },
};

/* What a channel's calls share. */
struct state {
	int master; /* borrowed from the host */
	bool has_terminal;
};

/* A login shell is told so by a "-" before its name. */
static void
name_shell(char *room, size_t size, const char *shell, bool is_login)
{
	const char *slash = strrchr(shell, '/');

	snprintf(room, size, "%s%s", is_login ? "-" : "",
	    slash == NULL ? shell : slash + 1);
}

static bool
start(struct sp_chan *chan, const char *command, const struct conf *conf,
    const struct terminal *terminal)
{
	const char *shell = sp_chan_get(chan, "shell");
	char name[64];
	const char *argv[] = { name, command == NULL ? NULL : "-c", command,
		NULL };
	struct sp_program program = {
		.size = sizeof program,
		.path = shell,
		.argv = argv,
		.cwd = sp_chan_get(chan, "home"),
		.terminal = terminal == NULL ? -1 : terminal->master,
		.terminal_slave = terminal == NULL ? -1 : terminal->slave,
	};
	struct loginenv env;
	char *greeting = NULL, *hush = NULL;
	bool has_started = false;

	name_shell(name, sizeof name, shell, command == NULL);
	if (terminal != NULL && command == NULL) {
		program.greeting = greeting = motd_make(chan);
		program.hushed_by = hush = motd_hush(chan);
	}
	if (loginenv_make(&env, chan,
		geteuid() == 0 ? conf->root_path : conf->path,
		terminal == NULL ? NULL : terminal->name)) {
		program.env = (const char *const *)env.variables;
		has_started = sp_chan_start(chan, &program);
	}
	if (!has_started)
		sp_log(LOG_ERR, "shell_failed", "cannot start %s: %s", shell,
		    strerror(errno));
	loginenv_clear(&env);
	free(greeting);
	free(hush);
	return has_started;
}

static bool
start_on_terminal(
    struct sp_chan *chan, const char *command, const struct conf *conf)
{
	struct state *state = sp_chan_state(chan, sizeof *state);
	struct terminal terminal;

	if (state == NULL || !terminal_open(&terminal, sp_chan_pty(chan))) {
		sp_log(LOG_ERR, "terminal_failed", "no terminal to be had: %s",
		    strerror(errno));
		return false;
	}
	if (!start(chan, command, conf, &terminal)) {
		terminal_close(&terminal);
		return false;
	}
	state->master = terminal.master;
	state->has_terminal = true;
	return true;
}

static enum sp_answer
request(struct sp_chan *chan, const char *what, const char *command,
    const void *data)
{
	bool has_started;

	(void)what; /* without a command it is the shell */
	if (sp_chan_pty(chan) != NULL)
		has_started = start_on_terminal(chan, command, data);
	else
		has_started = start(chan, command, data, NULL);
	return has_started ? SP_ACCEPTED : SP_REFUSED;
}

static void
resize(struct sp_chan *chan)
{
	const struct state *state = sp_chan_state(chan, sizeof *state);

	if (state != NULL && state->has_terminal)
		terminal_resize(state->master, sp_chan_pty(chan));
}

static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "shell,exec,pty",
	.request = request,
	.signal = sp_chan_kill,
	.resize = resize,
};

SP_MODULE("login", "0.1", "the account's shell and commands", struct conf,
    options, { SP_KIND_HANDLER, &handler });
