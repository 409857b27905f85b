/* Which hooks are for what, with what they are run, and how they end. */
#include "modules/sftp/hook.h"

#include "modules/sftp/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define OWN "SALLYPORT_"

enum {
	TIME_MIN = 100, /* milliseconds */
	TIME_MAX = 3600000,
	OWN_VARIABLES = 3, /* that are the same for all calls */
	CALL_VARIABLES = 9,
};

const struct sp_opt hook_options[] = {
	{ SP_OPT(struct hook_conf, before, SP_O_STRV, "",
	    "what it is asked about, and may refuse: download, upload, delete, "
	    "rename, mkdir, rmdir") },
	{ SP_OPT(struct hook_conf, after, SP_O_STRV, "",
	    "what it is told of when it has happened: the same words") },
	{ SP_OPT(struct hook_conf, wait, SP_O_BOOL, "false",
	    "whether an upload is told to have come when it has ended well") },
	{ SP_OPT(struct hook_conf, path, SP_O_PATTERNV, "",
	    "patterns of the paths that it is for; none: all") },
	{ SP_OPT(struct hook_conf, run, SP_O_ARGV, NULL,
	      "the program that is run, and its arguments"),
	    .min = 1, .max = 100 },
	{ SP_OPT(struct hook_conf, env, SP_O_ENVV, "", "its own variables") },
	{ SP_OPT(
	      struct hook_conf, time, SP_O_TIME, "60s", "how long it may take"),
	    .min = TIME_MIN, .max = TIME_MAX },
	{ .name = NULL },
};

static const struct {
	enum hook_event event;
	const char *name;
} events[] = {
	{ HOOK_UPLOAD, "upload" },
	{ HOOK_DOWNLOAD, "download" },
	{ HOOK_DELETE, "delete" },
	{ HOOK_RENAME, "rename" },
	{ HOOK_MKDIR, "mkdir" },
	{ HOOK_RMDIR, "rmdir" },
};

enum { EVENTS = sizeof events / sizeof events[0] };

struct hook {
	const struct hook_conf *conf;
	unsigned before, after; /* of enum hook_event */
	const char *const *argv;
	const char *const *env; /* what is the same for all calls */
	size_t env_count;
};

/* One that runs. */
struct hook_run {
	struct hooks *hooks;
	struct sp_run *run;
	bool is_awaited;
	bool may_refuse; /* what has not happened yet */
	LIST_ENTRY(hook_run) link;
};

static uint32_t go_on(struct hooks *);

/* ---- options ---- */

static unsigned
event_by_name(const char *name)
{
	for (size_t i = 0; i < EVENTS; i++)
		if (strcmp(events[i].name, name) == 0)
			return events[i].event;
	return 0;
}

static const char *
name_of(enum hook_event event)
{
	for (size_t i = 0; i < EVENTS; i++)
		if (events[i].event == event)
			return events[i].name;
	return "";
}

static const char *const results[] = {
	[HOOK_RESULT_WHOLE] = "whole",
	[HOOK_RESULT_FAILED] = "failed",
	[HOOK_RESULT_CUT] = "cut",
};

__attribute__((format(printf, 4, 5))) static bool
complain(char *err, size_t size, size_t place, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	snprintf(err, size, "hooks[%zu]%s", place, text);
	return false;
}

static unsigned
all_of(const struct sp_list *names)
{
	unsigned all = 0;

	for (size_t i = 0; i < names->count; i++)
		all |= event_by_name(names->items[i]);
	return all;
}

static const char *
unknown_in(const struct sp_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (event_by_name(names->items[i]) == 0)
			return names->items[i];
	return NULL;
}

static bool
check_one(const struct hook_conf *conf, size_t place, char *err, size_t size)
{
	const char *unknown = unknown_in(&conf->before);
	char why[300];

	if (unknown == NULL)
		unknown = unknown_in(&conf->after);
	if (unknown != NULL)
		return complain(err, size, place,
		    ": nothing is called \"%s\"; expected download, upload, "
		    "delete, rename, mkdir or rmdir",
		    unknown);
	if (conf->before.count == 0 && conf->after.count == 0)
		return complain(err, size, place,
		    " is for nothing: before or after must name something");
	if (conf->wait && all_of(&conf->after) != HOOK_UPLOAD)
		return complain(err, size, place,
		    ".wait: only an upload is waited for when it has come; "
		    "what is to be refused belongs to before");
	for (size_t i = 0; i < conf->env.count; i++)
		if (strncmp(conf->env.items[i], OWN, sizeof OWN - 1) == 0)
			return complain(err, size, place,
			    ".env: names with " OWN " are the daemon's");
	if (!sp_check_program(conf->run.items[0], why, sizeof why))
		return complain(err, size, place, ".run: %s", why);
	return true;
}

bool
hook_check(const struct sp_groups *groups, char *err, size_t err_size)
{
	const struct hook_conf *confs = groups->items;

	for (size_t i = 0; i < groups->count; i++)
		if (!check_one(&confs[i], i, err, err_size))
			return false;
	return true;
}

/* ---- beginning and ending ---- */

/* "NAME=value" until close(). */
static const char *
variable(struct sp_chan *chan, const char *name, const char *value)
{
	size_t size = sizeof OWN + strlen(name) + 1 + strlen(value);
	char *text = sp_chan_alloc(chan, size);

	snprintf(text, size, OWN "%s=%s", name, value);
	return text;
}

static const char *
fact(struct sp_chan *chan, const char *key)
{
	const char *value = sp_chan_get(chan, key);

	return value == NULL ? "" : value;
}

/* Adds the list with its values put in; false where one may not be. */
static bool
expand(struct sp_chan *chan, const struct sp_list *list, const char **room)
{
	for (size_t i = 0; i < list->count; i++) {
		room[i] = sp_chan_expand(chan, list->items[i], NULL);
		if (room[i] == NULL)
			return false;
	}
	return true;
}

/* What needs no memory at each call is made once. */
static bool
prepare(struct sp_chan *chan, struct hook *hook, const struct hook_conf *conf)
{
	const char *user = sp_chan_expand(chan, "%u", NULL);
	const char **argv =
	    sp_chan_alloc(chan, (conf->run.count + 1) * sizeof *argv);
	const char **env = sp_chan_alloc(
	    chan, (OWN_VARIABLES + conf->env.count + 1) * sizeof *env);

	if (user == NULL || !expand(chan, &conf->run, argv) ||
	    !expand(chan, &conf->env, env + OWN_VARIABLES))
		return false;
	argv[conf->run.count] = NULL;
	env[0] = variable(chan, "USER", user);
	env[1] = variable(chan, "SOURCE", fact(chan, "peer"));
	env[2] = variable(chan, "PROFILE", fact(chan, "profile"));
	env[OWN_VARIABLES + conf->env.count] = NULL;
	*hook = (struct hook){
		.conf = conf,
		.before = all_of(&conf->before),
		.after = all_of(&conf->after),
		.argv = argv,
		.env = sp_chan_make_env(chan, env, false),
	};
	while (hook->env[hook->env_count] != NULL)
		hook->env_count++;
	return true;
}

bool
hook_init(struct hooks *h, struct sp_chan *chan, const struct sp_groups *groups,
    size_t at_once, void (*done)(void *arg, uint32_t status), void *arg)
{
	const struct hook_conf *confs = groups->items;

	*h = (struct hooks){
		.chan = chan,
		.at_once = at_once,
		.done = done,
		.arg = arg,
	};
	LIST_INIT(&h->runs);
	if (groups->count == 0)
		return true;
	h->list = sp_chan_alloc(chan, groups->count * sizeof *h->list);
	for (; h->count < groups->count; h->count++) {
		if (prepare(chan, &h->list[h->count], &confs[h->count]))
			continue;
		sp_log(LOG_ERR, "hook_failed",
		    "hooks[%zu]: the user's name, or the identity, may not be "
		    "put in: no files are served to him",
		    h->count);
		return false;
	}
	return true;
}

void
hook_leave(struct hooks *h)
{
	h->is_leaving = true;
	if (h->is_waiting && h->call.is_settled)
		go_on(h);
	h->is_waiting = h->is_awaited = false;
}

void
hook_clear(struct hooks *h)
{
	struct hook_run *each;

	while ((each = LIST_FIRST(&h->runs)) != NULL) {
		LIST_REMOVE(each, link);
		sp_run_leave(each->run, !each->may_refuse);
		free(each);
	}
}

/* ---- which of them ---- */

static bool
is_for(const struct hook *hook, const struct hook_call *call)
{
	const struct hook_conf *conf = hook->conf;
	unsigned wanted =
	    call->time == HOOK_BEFORE ? hook->before : hook->after;

	if ((wanted & (unsigned)call->event) == 0)
		return false;
	if (call->time != HOOK_BEFORE &&
	    conf->wait != (call->time == HOOK_WHOLE))
		return false;
	return conf->path.count == 0 || policy_fits(&conf->path, call->path) ||
	    (call->target != NULL && policy_fits(&conf->path, call->target));
}

/* How many would be told. */
static size_t
count(const struct hooks *h, const struct hook_call *call)
{
	size_t found = 0;

	for (size_t i = 0; i < h->count; i++)
		if (is_for(&h->list[i], call))
			found++;
	return found;
}

bool
hook_keep_places(const struct hooks *h, unsigned asked, const char *path,
    const char *target, size_t *places)
{
	struct hook_call call = { .path = path, .target = target };
	size_t wanted = 0;

	for (size_t i = 0; i < EVENTS; i++) {
		if ((asked & events[i].event) == 0)
			continue;
		call.event = events[i].event;
		call.time = HOOK_WHOLE;
		wanted += count(h, &call);
		call.time = HOOK_AFTER;
		wanted += count(h, &call);
	}
	if (wanted > 0 && !sp_chan_keep_places(h->chan, wanted))
		return false;
	*places = wanted;
	return true;
}

bool
hook_is_for(const struct hooks *h, enum hook_event event, enum hook_time time,
    const char *path, const char *target)
{
	const struct hook_call call = {
		.event = event,
		.time = time,
		.path = path,
		.target = target,
	};

	return count(h, &call) > 0;
}

/* ---- running ---- */

/* What differs from call to call, in memory that is freed at once. */
struct making {
	char *texts[CALL_VARIABLES];
	size_t count;
	bool has_failed;
};

__attribute__((format(printf, 2, 3))) static void
add(struct making *m, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&m->texts[m->count], format, args);
	va_end(args);
	if (len < 0)
		m->has_failed = true;
	else
		m->count++;
}

static void
add_text(struct making *m, const char *name, const char *value)
{
	if (value != NULL)
		add(m, OWN "%s=%s", name, value);
}

static void
make_variables(struct making *m, const struct hook_call *call)
{
	*m = (struct making){ .count = 0 };
	add_text(m, "EVENT", name_of(call->event));
	add_text(m, "WHEN", call->time == HOOK_BEFORE ? "before" : "after");
	add_text(m, "PATH", call->path);
	add_text(m, "TARGET", call->target);
	add_text(m, "FILE", call->file);
	add_text(m, "TARGET_FILE", call->target_file);
	if (call->result != HOOK_NO_RESULT) {
		add_text(m, "RESULT", results[call->result]);
		add(m, OWN "BYTES=%" PRIu64, call->bytes);
		add(m, OWN "MILLISECONDS=%" PRIu64, call->time_ms);
	}
}

static void
on_ended(void *arg, const struct sp_outcome *outcome)
{
	struct hook_run *run = arg;
	struct hooks *h = run->hooks;
	bool was_awaited = run->is_awaited;
	bool is_good = outcome->has_ended && !outcome->is_late &&
	    outcome->status == 0 && outcome->signal == 0;
	uint32_t status = SP_FILE_DENIED;

	LIST_REMOVE(run, link);
	free(run);
	h->running--;
	/* Others end meanwhile. */
	if (!h->is_waiting || (h->is_awaited && !was_awaited))
		return;
	h->is_waiting = h->is_awaited = false;
	if (!was_awaited || is_good)
		status = go_on(h);
	if (status != SP_FILE_LATER)
		h->done(h->arg, status);
}

static struct sp_run *
start(struct hooks *h, const struct hook *hook, const struct hook_call *call,
    struct hook_run *run)
{
	const struct sp_limits limits = {
		.size = sizeof limits,
		.time_ms = hook->conf->time,
	};
	struct sp_program program = {
		.size = sizeof program,
		.path = hook->argv[0],
		.argv = hook->argv,
		.cwd = "/",
		.terminal = -1,
		.terminal_slave = -1,
		.limits = &limits,
	};
	const struct sp_siderun siderun = {
		.size = sizeof siderun,
		.program = &program,
		.event = name_of(call->event),
		.path = call->path,
		.ended = on_ended,
		.arg = run,
		.may_wait = true,
	};
	const char **env;
	struct making m;
	struct sp_run *started = NULL;

	make_variables(&m, call);
	env = calloc(m.count + hook->env_count + 1, sizeof *env);
	errno = ENOMEM;
	if (env != NULL && !m.has_failed) {
		memcpy(env, m.texts, m.count * sizeof *env);
		memcpy(env + m.count, hook->env, hook->env_count * sizeof *env);
		program.env = env;
		started = sp_chan_run(h->chan, &siderun);
	}
	for (size_t i = 0; i < m.count; i++)
		free(m.texts[i]);
	free(env);
	return started;
}

/* What has happened has a place, of which it makes use now. */
static void
use_place(struct hooks *h, const struct hook_call *call)
{
	if (call->time == HOOK_BEFORE || call->places == NULL ||
	    *call->places == 0)
		return;
	sp_chan_give_back_places(h->chan, 1);
	--*call->places;
}

static bool
run_one(struct hooks *h, const struct hook *hook, const struct hook_call *call)
{
	struct hook_run *run = calloc(1, sizeof *run);

	use_place(h, call);
	errno = ENOMEM;
	if (run != NULL)
		run->run = start(h, hook, call, run);
	if (run == NULL || run->run == NULL) {
		sp_log(LOG_ERR, "hook_failed", "cannot run %s for %s of %s: %s",
		    hook->argv[0], name_of(call->event), call->path,
		    strerror(errno));
		free(run);
		return false;
	}
	run->hooks = h;
	run->may_refuse = !call->is_settled;
	LIST_INSERT_HEAD(&h->runs, run, link);
	h->running++;
	return true;
}

void
hook_mention(struct hooks *h, const struct hook_call *call)
{
	for (size_t i = 0; i < h->count; i++)
		if (is_for(&h->list[i], call))
			run_one(h, &h->list[i], call);
}

/*
 * Where too many run already the client waits for one to end, so that none
 * is left out.
 */
static uint32_t
go_on(struct hooks *h)
{
	bool has_run;

	for (; h->next < h->count; h->next++) {
		const struct hook *hook = &h->list[h->next];

		if (!is_for(hook, &h->call))
			continue;
		h->is_waiting = !h->is_leaving && h->running >= h->at_once;
		if (h->is_waiting)
			return SP_FILE_LATER;
		has_run = run_one(h, hook, &h->call);
		if (h->call.time == HOOK_AFTER || h->is_leaving)
			continue;
		if (!has_run)
			return SP_FILE_DENIED;
		h->next++;
		LIST_FIRST(&h->runs)->is_awaited = true;
		h->is_waiting = h->is_awaited = true;
		return SP_FILE_LATER;
	}
	return SP_FILE_OK;
}

uint32_t
hook_tell(struct hooks *h, const struct hook_call *call)
{
	h->call = *call;
	h->next = 0;
	return go_on(h);
}
