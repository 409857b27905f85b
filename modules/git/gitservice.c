/*
 * The handler module "git": fetching from and pushing to repositories
 * below a root, by who asks. It takes the commands that clients of git
 * send, finds the repository, and starts git in it.
 */
#include "modules/git/repopath.h"
#include "modules/git/repository.h"

#include <sallyport/module.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* As git dies, and as a shell says what it does not have. */
enum { EXIT_NO_SHELL = 1, EXIT_REFUSED = 128, EXIT_NOT_SERVED = 127 };

struct conf {
	const char *root;
	struct sp_list read;
	struct sp_list write;
	bool archive;
	const char *program;
	bool any_owner;
	struct sp_list env;
	struct sp_limits limits;
	const char *greeting;
	const char *refused;
};

static const struct sp_opt limit_options[] = {
	SP_LIMIT_ROWS,
	{ .name = NULL },
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, root, SP_O_PATH, NULL,
	    "the folder that the repositories are below") },
	{ SP_OPT(
	    struct conf, read, SP_O_WHO, "true", "identities that may fetch") },
	{ SP_OPT(struct conf, write, SP_O_WHO, "false",
	    "identities that may push") },
	{ SP_OPT(struct conf, archive, SP_O_BOOL, "false",
	    "whether who may fetch may ask for archives") },
	{ SP_OPT(struct conf, program, SP_O_PATH, "/usr/bin/git", "git") },
	{ SP_OPT(struct conf, any_owner, SP_O_BOOL, "false",
	    "whether a repository may belong to another account than the "
	    "one that git runs as") },
	{ SP_OPT(struct conf, env, SP_O_ENVV, "",
	    "variables of git and its hooks") },
	{ SP_OPT(struct conf, limits, SP_O_GROUP, "", "what git may use"),
	    .group = limit_options, .group_size = sizeof(struct sp_limits) },
	{ SP_OPT(struct conf, greeting, SP_O_TEXT,
	    "Hi %i! There is no shell here, only git.\n",
	    "what is told to who asks for a shell") },
	{ SP_OPT(struct conf, refused, SP_O_TEXT, "Only git is served here.\n",
	    "what is told to who asks for another command") },
	{ .name = NULL },
};

static const struct service {
	const char *name; /* as git calls it, with "git-" in front or apart */
	const char *option; /* or NULL */
	bool writes;
	bool is_archive;
} services[] = {
	/* "--strict": the repository is this very folder. */
	{ "upload-pack", "--strict", false, false },
	{ "receive-pack", NULL, true, false },
	{ "upload-archive", NULL, false, true },
};

/* The command as the client sent it, for the log. */
struct state {
	char *line;
};

static bool
check(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;
	struct stat st;

	if (!sp_check_program(conf->program, err, err_size))
		return false;
	if (strchr(conf->root, '%') != NULL ||
	    (stat(conf->root, &st) == 0 && S_ISDIR(st.st_mode)))
		return true;
	snprintf(err, err_size, "root: %s is no folder", conf->root);
	return false;
}

/* ---- refusals ---- */

static enum sp_answer
refuse(struct sp_chan *chan, const char *text, uint32_t status,
    const char *line, const char *reason)
{
	const char *told = sp_chan_expand(chan, text, NULL);

	if (told == NULL)
		told = "This is not served here.\n";
	sp_chan_log_refusal(chan, line, reason);
	sp_chan_write(chan, 1, told, strlen(told));
	sp_chan_exit(chan, status);
	return SP_ACCEPTED;
}

/* ---- what is asked ---- */

/* "git-upload-pack PATH" or "git upload-pack PATH", and nothing more. */
static const struct service *
find_service(const char *const *words, const char **path)
{
	const char *name = words[0];
	size_t used = 1;

	if (strcmp(name, "git") == 0 && words[1] != NULL)
		name = words[used++];
	else if (strncmp(name, "git-", 4) == 0)
		name += 4;
	else
		return NULL;
	if (words[used] == NULL || words[used + 1] != NULL)
		return NULL;
	*path = words[used];
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
		if (strcmp(services[i].name, name) == 0)
			return &services[i];
	}
	return NULL;
}

/* NULL: he may. Else what he is told. */
static const char *
forbidden(struct sp_chan *chan, const struct conf *conf,
    const struct service *service)
{
	const char *identity = sp_chan_get(chan, "identity");

	if (service->is_archive && !conf->archive)
		return "Archives are not served here.\n";
	if (service->writes && !sp_match_any(&conf->write, identity))
		return "%i may not push here.\n";
	if (!service->writes && !sp_match_any(&conf->read, identity))
		return "%i may not fetch here.\n";
	return NULL;
}

/* ---- running git ---- */

/* The version that the client asks for, if it is one; else NULL. */
static const char *
protocol(struct sp_chan *chan)
{
	static const char name[] = "GIT_PROTOCOL=version=";
	const char *const *env = sp_chan_env(chan);

	for (; *env != NULL; env++) {
		const char *version = *env + sizeof name - 1;

		if (strncmp(*env, name, sizeof name - 1) == 0 &&
		    version[0] >= '0' && version[0] <= '2' &&
		    version[1] == '\0')
			return *env;
	}
	return NULL;
}

/* NULL where a value may not be put in. */
static const char *const *
make_env(struct sp_chan *chan, const struct conf *conf)
{
	enum { OWN = 4 };
	const char **variables = sp_chan_alloc(
	    chan, (conf->env.count + OWN + 1) * sizeof *variables);
	const char *version = protocol(chan);
	size_t count = 0;

	if (version != NULL)
		variables[count++] = version;
	for (size_t i = 0; i < conf->env.count; i++) {
		const char *text =
		    sp_chan_expand(chan, conf->env.items[i], NULL);

		if (text == NULL)
			return NULL;
		variables[count++] = text;
	}
	if (conf->any_owner) {
		variables[count++] = "GIT_CONFIG_COUNT=1";
		variables[count++] = "GIT_CONFIG_KEY_0=safe.directory";
		variables[count++] = "GIT_CONFIG_VALUE_0=*";
	}
	return sp_chan_make_env(chan, variables, false);
}

static const char excuse[] = "Git cannot be run now.\n";
static const char not_started[] = "git cannot be started";

static bool
start(struct sp_chan *chan, const struct conf *conf,
    const struct service *service, const char *const *env, int folder)
{
	struct sp_limits limits = conf->limits;
	const char *argv[] = { "git", service->name,
		service->option == NULL ? "." : service->option,
		service->option == NULL ? NULL : ".", NULL };
	const struct sp_program program = {
		.size = sizeof program,
		.path = conf->program,
		.argv = argv,
		.env = env,
		.terminal = -1,
		.terminal_slave = -1,
		.limits = &limits,
		.folder = folder,
		.excuse = excuse,
	};

	limits.size = sizeof limits;
	if (sp_chan_start(chan, &program))
		return true;
	sp_log(LOG_ERR, "git_failed", "cannot start %s: %s", conf->program,
	    strerror(errno));
	return false;
}

static void
remember(struct sp_chan *chan, const char *line)
{
	struct state *state = sp_chan_state(chan, sizeof *state);
	size_t size = strlen(line) + 1;

	if (state == NULL)
		return;
	state->line = sp_chan_alloc(chan, size);
	memcpy(state->line, line, size);
}

static enum sp_answer
serve(struct sp_chan *chan, const struct conf *conf,
    const struct service *service, const char *path, const char *line)
{
	static const char none[] = "There is no such repository here.\n";
	const char *root = sp_chan_expand(chan, conf->root, NULL);
	const char *const *env = make_env(chan, conf);
	char name[REPOPATH_SIZE];
	const char *problem;
	bool has_started;
	int folder;

	if (root == NULL || env == NULL)
		return refuse(chan, none, EXIT_REFUSED, line,
		    "the identity or the user's name may not be put in");
	problem = repopath_read(path, name);
	if (problem != NULL)
		return refuse(chan, none, EXIT_REFUSED, line, problem);
	folder = repository_open(root, name, &problem);
	if (folder < 0)
		return refuse(chan, none, EXIT_REFUSED, line, problem);
	remember(chan, line);
	has_started = start(chan, conf, service, env, folder);
	close(folder);
	if (has_started)
		return SP_ACCEPTED;
	return refuse(chan, excuse, EXIT_REFUSED, line, not_started);
}

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *line, const void *data)
{
	const struct conf *conf = data;
	const struct service *service;
	const char *const *words;
	const char *path, *text;

	if (strcmp(what, "shell") == 0)
		return refuse(chan, conf->greeting, EXIT_NO_SHELL, "shell",
		    "there is no shell");
	words = sp_argv(chan, line);
	if (words == NULL)
		return refuse(chan, conf->refused, EXIT_NOT_SERVED, line,
		    "only a shell could tell what it means");
	service = find_service(words, &path);
	if (service == NULL)
		return refuse(chan, conf->refused, EXIT_NOT_SERVED, line,
		    "it is not what git sends");
	text = forbidden(chan, conf, service);
	if (text != NULL)
		return refuse(chan, text, EXIT_REFUSED, line,
		    "the identity may not do that");
	return serve(chan, conf, service, path, line);
}

static void
ended(struct sp_chan *chan, const struct sp_outcome *outcome)
{
	const struct state *state = sp_chan_state(chan, sizeof *state);
	const char *line =
	    state == NULL || state->line == NULL ? "" : state->line;

	if (outcome->error != 0)
		sp_chan_log_refusal(chan, line, not_started);
	else
		sp_chan_log_run(chan, line, outcome);
}

static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "shell,exec",
	.start = check,
	.request = request,
	.ended = ended,
};

SP_MODULE("git", "0.1", "fetching from and pushing to repositories",
    struct conf, options, { SP_KIND_HANDLER, &handler });
