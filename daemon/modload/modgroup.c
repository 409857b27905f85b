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

/* What differs from kind to kind. */
struct kind {
	bool is_there;
	bool (*start)(const void *, char *, size_t);
	bool (*counts)(const void *);
	const char *word;
};

static struct kind
kind_of(const struct modload_module *module, enum sp_kind kind)
{
	switch (kind) {
	case SP_KIND_AUTH:
		return (struct kind){ module->auth.size > 0, module->auth.start,
			NULL, "way to prove oneself" };
	case SP_KIND_HANDLER:
		return (struct kind){ module->handler.size > 0,
			module->handler.start, module->handler.counts,
			"handler" };
	case SP_KIND_STORAGE:
		return (struct kind){ module->storage.size > 0,
			module->storage.start, module->storage.counts,
			"storage" };
	case SP_KIND_END:
		break;
	}
	return (struct kind){ false, NULL, NULL, "module" };
}

/* ---- storages that options name ---- */

/* What is needed to load them, on the way through the options. */
struct opening {
	const struct modload_module *module; /* whose options these are */
	const struct module_settings *settings;
	const struct modload_folder *folder;
	struct arena *arena;
	bool is_storage; /* the module itself */
	bool *counts; /* set where a storage does */
	char *problem;
};

static bool
open_storages(const struct opening *, const struct sp_opt *table, char *conf);

/* The node that fill() put there goes, and the storage comes. */
static bool
open_storage(const struct opening *opening, const struct sp_opt *option,
    const void **member)
{
	struct arena *arena = opening->arena;
	const struct tree_node *node = *member;
	const struct tree_node *type =
	    node == NULL ? NULL : tree_get(node, "type");
	struct tree_node *options =
	    node == NULL ? NULL : tree_copy(arena, NULL, node);
	struct module_settings inner = {
		.name = opening->settings->name,
		.type = type == NULL ? option->dflt : type->text,
		.options = options,
	};
	struct modgroup *group = arena_alloc(arena, 1, sizeof *group);
	struct sp_storage *storage = arena_alloc(arena, 1, sizeof *storage);

	*member = NULL;
	/* One could name itself by default, and so on. */
	if (opening->is_storage) {
		snprintf(opening->problem, MODLOAD_PROBLEM_SIZE,
		    "module %s: a storage has none behind it",
		    opening->settings->type);
		return false;
	}
	if (options != NULL)
		tree_drop(options, "type");
	if (!modgroup_load(group, SP_KIND_STORAGE, &inner, opening->folder,
		arena, opening->problem))
		return false;
	*storage = (struct sp_storage){ .size = sizeof *storage,
		.name = inner.type,
		.ops = &group->module.storage,
		.conf = group->conf };
	*member = storage;
	*opening->counts |= group->counts;
	return true;
}

/* Those of the structs of a list of groups; what fill() made is the arena's. */
static bool
open_in_groups(const struct opening *opening, const struct sp_opt *option,
    const struct sp_groups *groups)
{
	char *items = (char *)(uintptr_t)groups->items;

	for (size_t i = 0; i < groups->count; i++)
		if (!open_storages(
			opening, option->group, items + i * option->group_size))
			return false;
	return true;
}

static bool
open_storages(
    const struct opening *opening, const struct sp_opt *table, char *conf)
{
	for (size_t i = 0;; i++) {
		struct sp_opt option =
		    modload_option(opening->module, table, i);
		void *member = conf + option.offset;
		bool is_open = true;

		if (option.name == NULL)
			return true;
		if (option.type == SP_O_STORAGE)
			is_open = open_storage(opening, &option, member);
		else if (option.type == SP_O_GROUP)
			is_open = open_storages(opening, option.group, member);
		else if (option.type == SP_O_GROUPS)
			is_open = open_in_groups(opening, &option, member);
		if (!is_open)
			return false;
	}
}

static bool
start(const struct modgroup *group, const struct kind *kind,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	char sentence[MODLOAD_PROBLEM_SIZE / 2] = "it does not say why";
	bool has_started;

	if (kind->start == NULL)
		return true;
	modlog_set_speaker(group->name);
	has_started = kind->start(group->conf, sentence, sizeof sentence);
	modlog_set_speaker(NULL);
	if (!has_started)
		snprintf(problem, MODLOAD_PROBLEM_SIZE, "%s (%s): %s",
		    group->name, group->module.self.name, sentence);
	return has_started;
}

bool
modgroup_load(struct modgroup *group, enum sp_kind which,
    const struct module_settings *settings, const struct modload_folder *folder,
    struct arena *arena, char problem[MODLOAD_PROBLEM_SIZE])
{
	const struct opening opening = {
		.module = &group->module,
		.settings = settings,
		.folder = folder,
		.arena = arena,
		.is_storage = which == SP_KIND_STORAGE,
		.counts = &group->counts,
		.problem = problem,
	};
	struct kind kind;

	*group = (struct modgroup){ .name = settings->name };
	if (!modload_open(folder, settings->type, &group->module, problem))
		return false;
	kind = kind_of(&group->module, which);
	if (!kind.is_there) {
		snprintf(problem, MODLOAD_PROBLEM_SIZE,
		    "module %s is no %s: it cannot stand in group \"%s\"",
		    settings->type, kind.word, settings->name);
		return false;
	}
	if (!fill(group, settings, arena, problem) ||
	    !open_storages(&opening, group->module.self.opts,
		(char *)(uintptr_t)group->conf) ||
	    !start(group, &kind, problem))
		return false;
	if (kind.counts != NULL && kind.counts(group->conf))
		group->counts = true;
	return true;
}
