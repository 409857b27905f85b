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

enum { OPTIONS_MAX = 256 };

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
};

static const char *
problem_of(const struct modload_module *module, const struct sp_opt *option)
{
	size_t known = sizeof types / sizeof types[0];

	if (option->type == 0 || option->type >= known)
		return "has a type this daemon does not know";
	if (option->offset > module->self.conf_size ||
	    types[option->type].size > module->self.conf_size - option->offset)
		return "lies outside the module's struct";
	if (option->type == SP_O_WORD && option->words == NULL)
		return "has no words";
	return NULL;
}

static struct schema_row
row_of(const struct sp_opt *option)
{
	return (struct schema_row){
		.name = option->name,
		.type = types[option->type].type,
		.offset = option->offset,
		.dflt = option->dflt,
		.min = option->min,
		.max = option->max,
		.words = option->words,
		.meaning = option->help == NULL ? "" : option->help,
	};
}

const struct schema_row *
modoptions_rows(struct arena *arena, const struct modload_module *module,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	struct schema_row *rows = NULL;

	for (size_t i = 0; i < OPTIONS_MAX; i++) {
		struct sp_opt option = modload_option(module, i);
		const char *wrong;

		rows = arena_grow(arena, rows, i, sizeof *rows);
		rows[i] = (struct schema_row){ .name = NULL };
		if (option.name == NULL)
			return rows;
		wrong = problem_of(module, &option);
		if (wrong != NULL) {
			snprintf(problem, MODLOAD_PROBLEM_SIZE,
			    "module %s: option \"%s\" %s", module->self.name,
			    option.name, wrong);
			return NULL;
		}
		rows[i] = row_of(&option);
	}
	snprintf(problem, MODLOAD_PROBLEM_SIZE,
	    "module %s: its table of options has no end", module->self.name);
	return NULL;
}
