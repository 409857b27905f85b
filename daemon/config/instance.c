/* Uses of modules: their types and options. */
#include "daemon/config/instance.h"

#include "daemon/config/table.h"

#include <stdio.h>

/* The row of "type" in front of the module's own. */
static const struct schema_row *
join_rows(struct arena *arena, const struct schema_row *options)
{
	struct schema_row *rows;
	size_t count = 0;

	while (options != NULL && options[count].name != NULL)
		count++;
	rows = arena_alloc(arena, count + 2, sizeof *rows);
	rows[0] = table_type_row;
	for (size_t i = 0; i < count; i++)
		rows[i + 1] = options[i];
	return rows;
}

void
instance_describe(struct arena *arena, const struct loader_request *request,
    enum loader_kind kind, const struct tree_node *group,
    struct instance *instance)
{
	const struct tree_node *type = tree_get(group, table_type_row.name);
	struct loader_module module = { .serves = "" };

	*instance = (struct instance){ .serves = "" };
	if (type == NULL || type->kind != TREE_STRING)
		return;
	instance->type = type->text;
	if (request->describe == NULL)
		return;
	if (!request->describe(request->describe_arg, kind, type->text, &module,
		instance->problem, sizeof instance->problem)) {
		if (instance->problem[0] == '\0')
			snprintf(instance->problem, sizeof instance->problem,
			    "there is no such module");
		return;
	}
	instance->serves = arena_string(arena, module.serves);
	instance->rows = join_rows(arena, module.options);
}

static void
resolve_one(struct schema_reader *reader, const struct loader_request *request,
    enum loader_kind kind, struct tree_node *group,
    struct module_settings *module)
{
	struct tree_node *options = tree_copy(reader->arena, group);
	struct instance instance;

	tree_drop(options, table_type_row.name);
	instance_describe(reader->arena, request, kind, group, &instance);
	*module = (struct module_settings){
		.name = group->name,
		.type = instance.type == NULL ? "" : instance.type,
		.serves = instance.serves,
		.options = options,
	};
	if (instance.type == NULL)
		schema_complain(reader, group,
		    "type is missing, expected the name of a module");
	else if (instance.problem[0] != '\0')
		schema_complain(reader, tree_get(group, table_type_row.name),
		    "\"%.100s\": %s", instance.type, instance.problem);
	else if (instance.rows != NULL)
		schema_read(reader, instance.rows, group, NULL);
}

const struct module_settings *
instance_resolve(struct schema_reader *reader,
    const struct loader_request *request, enum loader_kind kind,
    const struct schema_groups *groups)
{
	struct module_settings *modules =
	    arena_alloc(reader->arena, groups->count, sizeof *modules);

	for (size_t i = 0; i < groups->count; i++)
		resolve_one(
		    reader, request, kind, groups->nodes[i], &modules[i]);
	return modules;
}
