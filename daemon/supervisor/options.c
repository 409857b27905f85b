/* The command line of sallyportd. */
#include "daemon/supervisor/options.h"

#include <stdio.h>
#include <string.h>

const char options_help[] =
    "usage: sallyportd [-f FILE] [--state DIR] [--modules DIR]\n"
    "                  [--end-sessions]\n"
    "       sallyportd check [FILE]\n"
    "       sallyportd show [FILE]\n"
    "       sallyportd explain [-f FILE] user=NAME from=ADDRESS "
    "[local=ADDRESS:PORT]\n"
    "       sallyportd settings\n"
    "       sallyportd init --service | --git [FOLDER]\n"
    "       sallyportd new-module NAME [auth | handler]\n"
    "       sallyportd --version | --help\n"
    "\n"
    "  -f FILE         the configuration (default: the system's as root, a\n"
    "                  built-in one otherwise)\n"
    "  --state DIR     where host keys are kept (default: ~/.local/share/\n"
    "                  sallyport, as root " SP_STATEDIR ")\n"
    "  --modules DIR   where modules are, when not where installed\n"
    "  --end-sessions  sessions end with the daemon, instead of outliving it\n"
    "  --service       of init: the accounts of this machine, with shells\n"
    "  --git           of init: repositories below /srv/git, for keys\n"
    "  --keep-stderr   every program keeps standard error, for debugging\n"
    "\n"
    "SIGHUP reads the configuration again; SIGTERM ends the daemon and lets\n"
    "logged-in sessions live on.\n";

static const struct {
	const char *name;
	enum options_command command;
	bool takes_file;
	bool takes_rest;
} commands[] = {
	{ "check", OPTIONS_CHECK, true, false },
	{ "show", OPTIONS_SHOW, true, false },
	{ "explain", OPTIONS_EXPLAIN, false, true },
	{ "settings", OPTIONS_SETTINGS, false, false },
	{ "init", OPTIONS_INIT, true, false },
	{ "new-module", OPTIONS_NEW_MODULE, false, true },
	{ "--version", OPTIONS_VERSION, false, false },
	{ "--help", OPTIONS_HELP, false, false },
	{ "-h", OPTIONS_HELP, false, false },
};

struct arguments {
	int argc;
	char *const *argv;
	int next;
	char *problem;
	size_t size;
};

static bool
complain(const struct arguments *a, const char *what, const char *which)
{
	snprintf(a->problem, a->size, "%s: %s", which, what);
	return false;
}

/* "-f FILE", "--state DIR" and "--state=DIR". */
static bool
take_value(struct arguments *a, const char *name, const char **value)
{
	const char *word = a->argv[a->next];
	size_t len = strlen(name);

	if (strncmp(word, name, len) == 0 && word[len] == '=') {
		*value = word + len + 1;
		a->next++;
		return true;
	}
	if (strcmp(word, name) != 0 || a->next + 1 >= a->argc)
		return false;
	*value = a->argv[a->next + 1];
	a->next += 2;
	return true;
}

static bool
take_flag(struct arguments *a, const char *name, bool *flag)
{
	if (strcmp(a->argv[a->next], name) != 0)
		return false;
	*flag = true;
	a->next++;
	return true;
}

/* One of them, once. */
static bool
take_example(struct arguments *a, struct options *options)
{
	bool is_service = false, is_git = false;

	if (options->command != OPTIONS_INIT ||
	    options->example != OPTIONS_EXAMPLE_NONE)
		return false;
	if (take_flag(a, "--service", &is_service))
		options->example = OPTIONS_EXAMPLE_SERVICE;
	else if (take_flag(a, "--git", &is_git))
		options->example = OPTIONS_EXAMPLE_GIT;
	return is_service || is_git;
}

static bool
take_options(struct arguments *a, struct options *options)
{
	while (a->next < a->argc && a->argv[a->next][0] == '-') {
		if (take_value(a, "-f", &options->file) ||
		    take_value(a, "--file", &options->file) ||
		    take_value(a, "--state", &options->state) ||
		    take_value(a, "--modules", &options->modules) ||
		    take_flag(a, "--end-sessions", &options->end_sessions) ||
		    take_flag(a, "--keep-stderr", &options->keep_stderr) ||
		    take_example(a, options))
			continue;
		return complain(a, "unknown option, or its value is missing",
		    a->argv[a->next]);
	}
	return true;
}

static size_t
find_command(const char *name)
{
	size_t i = 0;

	while (i < sizeof commands / sizeof commands[0] &&
	    strcmp(name, commands[i].name) != 0)
		i++;
	return i;
}

static bool
take_command(struct arguments *a, struct options *options)
{
	const char *name = a->argv[a->next];
	size_t i = find_command(name);

	if (i == sizeof commands / sizeof commands[0]) {
		if (name[0] == '-')
			return true;
		return complain(a, "unknown command", name);
	}
	options->command = commands[i].command;
	a->next++;
	if (!take_options(a, options))
		return false;
	if (commands[i].takes_file && a->next < a->argc)
		options->file = a->argv[a->next++];
	if (options->command == OPTIONS_INIT &&
	    options->example == OPTIONS_EXAMPLE_NONE)
		return complain(a, "--service or --git is wanted", name);
	if (commands[i].takes_rest) {
		options->argc = a->argc - a->next;
		options->argv = a->argv + a->next;
		a->next = a->argc;
	}
	return true;
}

bool
options_parse(int argc, char *const argv[], struct options *options,
    char *problem, size_t size)
{
	struct arguments a = { argc, argv, 1, problem, size };

	*options = (struct options){ .command = OPTIONS_RUN };
	if (a.next < argc && !take_command(&a, options))
		return false;
	if (options->command == OPTIONS_RUN && !take_options(&a, options))
		return false;
	if (a.next < argc && options->command == OPTIONS_RUN)
		return take_command(&a, options) &&
		    (a.next == argc ||
			complain(&a, "one argument too many", argv[a.next]));
	if (a.next < argc)
		return complain(&a, "one argument too many", argv[a.next]);
	return true;
}
