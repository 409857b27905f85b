/*
 * The handler module "commands": programs for the commands on a list, and
 * for nothing else. A command is taken apart into words, which must fit
 * the patterns of a row; the program and its arguments are that row's. No
 * shell is asked at any time.
 */
#include <sallyport/module.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* As a shell says that a command is not there, or cannot be run. */
enum { EXIT_NO_SHELL = 1, EXIT_CANNOT_RUN = 126, EXIT_NOT_SERVED = 127 };

struct command {
	struct sp_list match;
	struct sp_list run;
	struct sp_list env;
	const char *cwd;
	struct sp_limits limits;
};

struct conf {
	struct sp_groups commands; /* struct command */
	struct sp_list env;
	bool client_env;
	const char *greeting;
	const char *refused;
};

static const struct sp_opt limit_options[] = {
	SP_LIMIT_ROWS,
	{ .name = NULL },
};

static const struct sp_opt command_options[] = {
	{ SP_OPT(struct command, match, SP_O_PATTERNV, NULL,
	      "patterns for the words of a command, \"**\" for any number"),
	    .min = 1, .max = 100 },
	{ SP_OPT(struct command, run, SP_O_ARGV, NULL,
	      "the program that is run, and its arguments"),
	    .min = 1, .max = 1000 },
	{ SP_OPT(
	    struct command, env, SP_O_ENVV, "", "variables of this program") },
	{ SP_OPT(struct command, cwd, SP_O_PATH, "/",
	    "the folder where it starts") },
	{ SP_OPT(struct command, limits, SP_O_GROUP, "", "what it may use"),
	    .group = limit_options, .group_size = sizeof(struct sp_limits) },
	{ .name = NULL },
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, commands, SP_O_GROUPS, NULL,
	      "the commands that are served: the first that fits is run"),
	    .group = command_options, .group_size = sizeof(struct command) },
	{ SP_OPT(
	    struct conf, env, SP_O_ENVV, "", "variables of all programs") },
	{ SP_OPT(struct conf, client_env, SP_O_BOOL, "false",
	    "whether programs get what the client set and the profile's env "
	    "lets through") },
	{ SP_OPT(struct conf, greeting, SP_O_TEXT,
	    "Hi %i! There is no shell here, only commands.\n",
	    "what is told to who asks for a shell") },
	{ SP_OPT(struct conf, refused, SP_O_TEXT,
	    "This command is not served here.\n",
	    "what is told to who asks for another command") },
	{ .name = NULL },
};

/* The command as the client sent it, for the log. */
struct state {
	const char *line;
};

/* ---- at the daemon's start ---- */

/* The place of an argument that run wants and match never has; or 0. */
static size_t
missing_argument(const struct command *command)
{
	for (size_t i = 0; i < command->match.count; i++) {
		if (strcmp(command->match.items[i], "**") == 0)
			return 0;
	}
	for (size_t i = 0; i < command->run.count; i++) {
		const char *at = command->run.items[i];

		for (; (at = strchr(at, '%')) != NULL; at += 2) {
			if (at[1] >= '1' && at[1] <= '9' &&
			    (size_t)(at[1] - '0') >= command->match.count)
				return (size_t)(at[1] - '0');
		}
	}
	return 0;
}

static bool
check(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;
	const struct command *commands = conf->commands.items;
	char why[400];

	for (size_t i = 0; i < conf->commands.count; i++) {
		size_t missing = missing_argument(&commands[i]);

		if (!sp_check_program(
			commands[i].run.items[0], why, sizeof why)) {
			snprintf(
			    err, err_size, "commands[%zu].run: %s", i, why);
			return false;
		}
		if (missing > 0) {
			snprintf(err, err_size,
			    "commands[%zu].run has %%%zu, and match takes no "
			    "such argument",
			    i, missing);
			return false;
		}
	}
	return true;
}

/* ---- requests ---- */

static enum sp_answer
refuse(struct sp_chan *chan, const char *text, uint32_t status,
    const char *line, const char *reason)
{
	const char *told = sp_chan_expand(chan, text, NULL);

	/* An identity that is no word must not keep him from an answer. */
	if (told == NULL)
		told = "This is not served here.\n";
	sp_chan_log_refusal(chan, line, reason);
	sp_chan_write(chan, 1, told, strlen(told));
	sp_chan_exit(chan, status);
	return SP_ACCEPTED;
}

static const struct command *
find(const struct conf *conf, const char *const *words)
{
	const struct command *commands = conf->commands.items;

	for (size_t i = 0; i < conf->commands.count; i++) {
		if (sp_match_words(&commands[i].match, words))
			return &commands[i];
	}
	return NULL;
}

/* What lets any words through leaves it to its program to look at them. */
static bool
sees_command(const struct command *command)
{
	for (size_t i = 0; i < command->match.count; i++) {
		if (strcmp(command->match.items[i], "**") == 0)
			return true;
	}
	return false;
}

/* Adds the list with its values put in; false where one may not be. */
static bool
expand(struct sp_chan *chan, const struct sp_list *list,
    const char *const *words, const char **room, size_t *count)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *text = sp_chan_expand(chan, list->items[i], words);

		if (text == NULL)
			return false;
		room[(*count)++] = text;
	}
	return true;
}

/* Two texts behind each other, until close(). */
static const char *
join(struct sp_chan *chan, const char *first, const char *second)
{
	size_t size = strlen(first) + strlen(second) + 1;
	char *text = sp_chan_alloc(chan, size);

	snprintf(text, size, "%s%s", first, second);
	return text;
}

/* NULL where a value may not be put in. */
static const char *const *
make_env(struct sp_chan *chan, const struct conf *conf,
    const struct command *command, const char *const *words, const char *line)
{
	size_t count = command->env.count + conf->env.count, used = 0;
	const char **variables =
	    sp_chan_alloc(chan, (count + 2) * sizeof *variables);

	if (!expand(chan, &command->env, words, variables, &used) ||
	    !expand(chan, &conf->env, words, variables, &used))
		return NULL;
	if (sees_command(command))
		variables[used++] = join(chan, "SSH_ORIGINAL_COMMAND=", line);
	return sp_chan_make_env(chan, variables, conf->client_env);
}

static const char excuse[] = "This command cannot be run now.\n";
static const char not_started[] = "its program cannot be started";

static enum sp_answer
run(struct sp_chan *chan, const struct conf *conf,
    const struct command *command, const char *const *words, const char *line)
{
	struct state *state = sp_chan_state(chan, sizeof *state);
	struct sp_limits limits = command->limits;
	const char **argv =
	    sp_chan_alloc(chan, (command->run.count + 1) * sizeof *argv);
	struct sp_program program = {
		.size = sizeof program,
		.path = command->run.items[0],
		.argv = argv,
		.env = make_env(chan, conf, command, words, line),
		.cwd = sp_chan_expand(chan, command->cwd, words),
		.needs_cwd = true,
		.terminal = -1,
		.terminal_slave = -1,
		.limits = &limits,
		.excuse = excuse,
	};
	size_t used = 0;

	limits.size = sizeof limits;
	if (program.env == NULL || program.cwd == NULL || state == NULL ||
	    !expand(chan, &command->run, words, argv, &used))
		return refuse(chan, conf->refused, EXIT_NOT_SERVED, line,
		    "a value in it, or the identity, may not be put in");
	state->line = join(chan, "", line);
	if (sp_chan_start(chan, &program))
		return SP_ACCEPTED;
	sp_log(LOG_ERR, "command_failed", "cannot start %s in %s: %s",
	    program.path, program.cwd, strerror(errno));
	return refuse(chan, excuse, EXIT_CANNOT_RUN, line, not_started);
}

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *line, const void *data)
{
	const struct conf *conf = data;
	const struct command *command;
	const char *const *words;

	if (strcmp(what, "shell") == 0)
		return refuse(chan, conf->greeting, EXIT_NO_SHELL, "shell",
		    "there is no shell");
	words = sp_argv(chan, line);
	if (words == NULL)
		return refuse(chan, conf->refused, EXIT_NOT_SERVED, line,
		    "only a shell could tell what it means");
	command = find(conf, words);
	if (command == NULL)
		return refuse(chan, conf->refused, EXIT_NOT_SERVED, line,
		    "it is not on the list");
	return run(chan, conf, command, words, line);
}

static void
ended(struct sp_chan *chan, const struct sp_outcome *outcome)
{
	const struct state *state = sp_chan_state(chan, sizeof *state);

	if (outcome->error != 0)
		sp_chan_log_refusal(chan, state->line, not_started);
	else
		sp_chan_log_run(chan, state->line, outcome);
}

/* A client's signals reach no program: nobody here could have sent them. */
static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "shell,exec",
	.start = check,
	.request = request,
	.ended = ended,
};

SP_MODULE("commands", "0.1", "programs for the commands on a list", struct conf,
    options, { SP_KIND_HANDLER, &handler });
