/* From the module interface's option table to schema rows. */
#include "daemon/modload/modoptions.h"

#include "daemon/config/settings.h"

#include <stdio.h>

/* Lists are handed to modules as they are. */
_Static_assert(sizeof(struct sp_list) == sizeof(struct string_list) &&
	offsetof(struct sp_list, items) ==
	    offsetof(struct string_list, items) &&
	offsetof(struct sp_list, count) == offsetof(struct string_list, count),
    "struct sp_list is not struct string_list");

_Static_assert(sizeof(struct sp_groups) == sizeof(struct schema_groups) &&
	offsetof(struct sp_groups, items) ==
	    offsetof(struct schema_groups, items) &&
	offsetof(struct sp_groups, count) ==
	    offsetof(struct schema_groups, count),
    "struct sp_groups is not struct schema_groups");

/* Groups in groups: a table could hold itself. */
enum { OPTIONS_MAX = 256, DEPTH_MAX = 4, GROUP_MAX = 1024 * 1024 };

/* By enum sp_opt_type; size is that of the member. */
static const struct {
	enum schema_type type;
	size_t size;
} types[] = {
	[SP_O_STR] = { SCHEMA_STRING, sizeof(const char *) },
	[SP_O_BOOL] = { SCHEMA_BOOL, sizeof(bool) },
	[SP_O_INT] = { SCHEMA_INTEGER, sizeof(int64_t) },
	[SP_O_SIZE] = { SCHEMA_SIZE, sizeof(uint64_t) },
	[SP_O_TIME] = { SCHEMA_TIME, sizeof(uint64_t) },
	[SP_O_RATE] = { SCHEMA_RATE, sizeof(uint64_t) },
	[SP_O_MODE] = { SCHEMA_MODE, sizeof(unsigned) },
	[SP_O_PATH] = { SCHEMA_PATH, sizeof(const char *) },
	[SP_O_WORD] = { SCHEMA_WORD, sizeof(unsigned) },
	[SP_O_STRV] = { SCHEMA_STRINGS, sizeof(struct sp_list) },
	[SP_O_PATHV] = { SCHEMA_PATHS, sizeof(struct sp_list) },
	[SP_O_PATTERNV] = { SCHEMA_PATTERNS, sizeof(struct sp_list) },
	[SP_O_WHO] = { SCHEMA_WHO, sizeof(struct sp_list) },
	[SP_O_TEXT] = { SCHEMA_TEXT, sizeof(const char *) },
	[SP_O_ARGV] = { SCHEMA_ARGV, sizeof(struct sp_list) },
	[SP_O_ENVV] = { SCHEMA_VARIABLES, sizeof(struct sp_list) },
	[SP_O_GROUP] = { SCHEMA_GROUP, 0 },
	[SP_O_GROUPS] = { SCHEMA_GROUPS, sizeof(struct sp_groups) },
	/* Its node first; modgroup.c puts the storage there. */
	[SP_O_STORAGE] = { SCHEMA_STORAGE, sizeof(const void *) },
};

/* One table, the module's own or that of a group. */
struct options {
	const struct modload_module *module;
	const struct sp_opt *table;
	size_t size; /* of the struct it fills */
	unsigned depth;
};

static const struct schema_row *read_options(
    struct arena *, const struct options *, char problem[MODLOAD_PROBLEM_SIZE]);

static bool
is_group(const struct sp_opt *option)
{
	return option->type == SP_O_GROUP || option->type == SP_O_GROUPS;
}

static const char *
problem_of(const struct options *options, const struct sp_opt *option)
{
	size_t known = sizeof types / sizeof types[0], size;

	if (option->type == 0 || option->type >= known)
		return "has a type this daemon does not know";
	size = option->type == SP_O_GROUP ? option->group_size
					  : types[option->type].size;
	if (option->offset > options->size ||
	    size > options->size - option->offset)
		return "lies outside the module's struct";
	if (option->type == SP_O_WORD && option->words == NULL)
		return "has no words";
	if (is_group(option) &&
	    (option->group == NULL || option->group_size == 0 ||
		option->group_size > GROUP_MAX))
		return "does not say what its groups hold";
	if (option->type == SP_O_STORAGE && option->dflt == NULL)
		return "is a storage without a type";
	if (is_group(option) && options->depth == DEPTH_MAX)
		return "has groups in groups in groups without end";
	return NULL;
}

/* Without rows where its groups' own are wrong, which was told then. */
static struct schema_row
row_of(struct arena *arena, const struct options *options,
    const struct sp_opt *option, char problem[MODLOAD_PROBLEM_SIZE])
{
	const struct options inner = { options->module, option->group,
		option->group_size, options->depth + 1 };

	return (struct schema_row){
		.name = option->name,
		.type = types[option->type].type,
		.offset = option->offset,
		.dflt = option->dflt,
		.min = option->min,
		.max = option->max,
		.words = is_group(option) ? NULL : option->words,
		.group = is_group(option) ? read_options(arena, &inner, problem)
					  : NULL,
		.size = option->group_size,
		.meaning = option->help == NULL ? "" : option->help,
	};
}

static const struct schema_row *
read_options(struct arena *arena, const struct options *options,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	const char *module = options->module->self.name;
	struct schema_row *rows = NULL;

	for (size_t i = 0; i < OPTIONS_MAX; i++) {
		struct sp_opt option =
		    modload_option(options->module, options->table, i);
		const char *wrong;

		rows = arena_grow(arena, rows, i, sizeof *rows);
		rows[i] = (struct schema_row){ .name = NULL };
		if (option.name == NULL)
			return rows;
		wrong = problem_of(options, &option);
		if (wrong != NULL) {
			snprintf(problem, MODLOAD_PROBLEM_SIZE,
			    "module %s: option \"%s\" %s", module, option.name,
			    wrong);
			return NULL;
		}
		rows[i] = row_of(arena, options, &option, problem);
		if (is_group(&option) && rows[i].group == NULL)
			return NULL;
	}
	snprintf(problem, MODLOAD_PROBLEM_SIZE,
	    "module %s: its table of options has no end", module);
	return NULL;
}

const struct schema_row *
modoptions_rows(struct arena *arena, const struct modload_module *module,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	const struct options options = { module, module->self.opts,
		module->self.conf_size, 0 };

	return read_options(arena, &options, problem);
}
