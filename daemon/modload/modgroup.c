/* Making a group of the configuration ready to be used. */
#include "daemon/modload/modgroup.h"

#include "daemon/config/schema.h"
#include "daemon/modload/modlog.h"
#include "daemon/modload/modoptions.h"

#include <stdio.h>
#include <string.h>

/* The first mistake of the options; the check of the file shows all. */
static bool
fill(struct modgroup *group, const struct module_settings *settings,
    struct arena *arena, char problem[MODLOAD_PROBLEM_SIZE])
{
	const struct schema_row *rows =
	    modoptions_rows(arena, &group->module, problem);
	struct mistakes mistakes;
	struct schema_reader reader = {
		.arena = arena,
		.mistakes = &mistakes,
		.file = settings->name,
	};
	void *conf;
	bool is_good;

	if (rows == NULL)
		return false;
	/* One more, since a module may have no options at all. */
	conf = arena_alloc(arena, 1, group->module.self.conf_size + 1);
	mistake_init(&mistakes);
	/* It may put a lone value into a list; the tree is the arena's. */
	schema_read(&reader, rows,
	    (struct tree_node *)(uintptr_t)settings->options, conf);
	is_good = mistakes.count == 0;
	if (!is_good)
		snprintf(problem, MODLOAD_PROBLEM_SIZE, "%s:%u: %s",
		    mistakes.items[0].file, mistakes.items[0].line,
		    mistakes.items[0].text);
	mistake_clear(&mistakes);
	group->conf = conf;
	return is_good;
}

static bool
has_kind(const struct modload_module *module, enum sp_kind kind)
{
	return kind == SP_KIND_AUTH ? module->auth.size > 0
				    : module->handler.size > 0;
}

static bool
start(const struct modgroup *group, enum sp_kind kind,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	bool (*function)(const void *, char *, size_t) = kind == SP_KIND_AUTH
	    ? group->module.auth.start
	    : group->module.handler.start;
	char sentence[MODLOAD_PROBLEM_SIZE / 2] = "it does not say why";
	bool has_started;

	if (function == NULL)
		return true;
	modlog_set_speaker(group->name);
	has_started = function(group->conf, sentence, sizeof sentence);
	modlog_set_speaker(NULL);
	if (!has_started)
		snprintf(problem, MODLOAD_PROBLEM_SIZE, "%s (%s): %s",
		    group->name, group->module.self.name, sentence);
	return has_started;
}

bool
modgroup_load(struct modgroup *group, enum sp_kind kind,
    const struct module_settings *settings, const struct modload_folder *folder,
    struct arena *arena, char problem[MODLOAD_PROBLEM_SIZE])
{
	*group = (struct modgroup){ .name = settings->name };
	if (!modload_open(folder, settings->type, &group->module, problem))
		return false;
	if (!has_kind(&group->module, kind)) {
		snprintf(problem, MODLOAD_PROBLEM_SIZE,
		    "module %s is no %s: it cannot stand in group \"%s\"",
		    settings->type,
		    kind == SP_KIND_AUTH ? "way to prove oneself" : "handler",
		    settings->name);
		return false;
	}
	return fill(group, settings, arena, problem) &&
	    start(group, kind, problem);
}
