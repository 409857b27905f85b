/* Uses of modules: their types and options. */
#include "daemon/config/instance.h"

#include "daemon/config/table.h"

#include <stdio.h>
#include <string.h>

static const struct schema_row *
own_rows(enum loader_kind kind)
{
	switch (kind) {
	case LOADER_AUTH:
		return table_auth_rows;
	case LOADER_HANDLER:
		break;
	case LOADER_STORAGE:
		return table_storage_rows;
	}
	return table_handler_rows;
}

static size_t
count_rows(const struct schema_row *rows)
{
	size_t count = 0;

	while (rows != NULL && rows[count].name != NULL)
		count++;
	return count;
}

/* Those that every group has in front of the module's own. */
static const struct schema_row *
join_rows(struct arena *arena, const struct schema_row *own,
    const struct schema_row *options)
{
	size_t first = count_rows(own), count = count_rows(options);
	struct schema_row *rows =
	    arena_alloc(arena, first + count + 1, sizeof *rows);

	for (size_t i = 0; i < first; i++)
		rows[i] = own[i];
	for (size_t i = 0; i < count; i++)
		rows[first + i] = options[i];
	return rows;
}

/* The module is told what is its own. */
static const struct tree_node *
own_options(
    struct arena *arena, enum loader_kind kind, const struct tree_node *group)
{
	struct tree_node *options = tree_copy(arena, NULL, group);

	for (const struct schema_row *row = own_rows(kind); row->name != NULL;
	     row++)
		tree_drop(options, row->name);
	return options;
}

static bool
goes_on(enum loader_kind kind, const struct tree_node *group)
{
	const struct tree_node *word = tree_get(group, "on_failure");

	return kind == LOADER_AUTH && word != NULL &&
	    word->kind == TREE_STRING && strcmp(word->text, table_next) == 0;
}

/* A type whose module is to be asked; told in problem where it cannot be. */
static void
describe_type(struct arena *arena, const struct loader_request *request,
    enum loader_kind kind, struct instance *instance)
{
	struct loader_module module = { .serves = "" };

	if (request->describe == NULL)
		return;
	if (!request->describe(request->describe_arg, kind, instance->type,
		&module, instance->problem, sizeof instance->problem)) {
		if (instance->problem[0] == '\0')
			snprintf(instance->problem, sizeof instance->problem,
			    "there is no such module");
		return;
	}
	instance->serves = arena_string(arena, module.serves);
	instance->has_service = module.has_service;
	instance->rows = join_rows(arena, own_rows(kind), module.options);
}

void
instance_describe(struct arena *arena, const struct loader_request *request,
    enum loader_kind kind, const struct tree_node *group,
    struct instance *instance)
{
	const struct tree_node *type = tree_get(group, "type");

	*instance = (struct instance){ .serves = "" };
	if (type == NULL || type->kind != TREE_STRING)
		return;
	instance->type = type->text;
	describe_type(arena, request, kind, instance);
}

/* Those that options name, by modules of their own. */
static void
check_storage(struct schema_reader *reader,
    const struct loader_request *request, const struct schema_row *row,
    struct tree_node *group)
{
	struct tree_node *node = tree_get(group, row->name);
	const struct tree_node *type = tree_get(node, "type");
	struct instance instance = { .type = row->dflt, .serves = "" };

	if ((node != NULL && node->kind != TREE_GROUP) ||
	    (type != NULL && type->kind != TREE_STRING))
		return;
	if (type != NULL)
		instance.type = type->text;
	describe_type(reader->arena, request, LOADER_STORAGE, &instance);
	if (instance.problem[0] != '\0')
		schema_complain(reader,
		    type != NULL       ? type
			: node != NULL ? node
				       : group,
		    "\"%.100s\": %s", instance.type, instance.problem);
	else if (instance.rows != NULL)
		schema_read(reader, instance.rows, node, NULL);
}

/* In groups too, as far as these are what they should be. */
static void
check_storages(struct schema_reader *reader,
    const struct loader_request *request, const struct schema_row *rows,
    struct tree_node *group)
{
	struct tree_node *node, *member;

	for (; rows->name != NULL; rows++) {
		node = tree_get(group, rows->name);
		if (rows->type == SCHEMA_STORAGE)
			check_storage(reader, request, rows, group);
		if (node == NULL)
			continue;
		if (rows->type == SCHEMA_GROUP && node->kind == TREE_GROUP)
			check_storages(reader, request, rows->group, node);
		if (rows->type != SCHEMA_GROUPS || node->kind != TREE_LIST)
			continue;
		for (member = node->first; member != NULL;
		     member = member->next)
			if (member->kind == TREE_GROUP)
				check_storages(
				    reader, request, rows->group, member);
	}
}

static void
check_options(struct schema_reader *reader,
    const struct loader_request *request, const struct schema_row *rows,
    struct tree_node *group)
{
	schema_read(reader, rows, group, NULL);
	check_storages(reader, request, rows, group);
}

static void
resolve_one(struct schema_reader *reader, const struct loader_request *request,
    enum loader_kind kind, struct tree_node *group,
    struct module_settings *module)
{
	struct instance instance;

	instance_describe(reader->arena, request, kind, group, &instance);
	*module = (struct module_settings){
		.name = group->name,
		.type = instance.type == NULL ? "" : instance.type,
		.serves = instance.serves,
		.options = own_options(reader->arena, kind, group),
		.goes_on = goes_on(kind, group),
		.has_service = instance.has_service,
	};
	if (instance.type == NULL)
		schema_complain(reader, group,
		    "type is missing, expected the name of a module");
	else if (instance.problem[0] != '\0')
		schema_complain(reader, tree_get(group, "type"),
		    "\"%.100s\": %s", instance.type, instance.problem);
	else if (instance.rows != NULL)
		check_options(reader, request, instance.rows, group);
}

const struct module_settings *
instance_resolve(struct schema_reader *reader,
    const struct loader_request *request, enum loader_kind kind,
    const struct schema_groups *groups)
{
	struct module_settings *modules =
	    arena_alloc(reader->arena, groups->count, sizeof *modules);
	unsigned services = 0;

	for (size_t i = 0; i < groups->count; i++) {
		resolve_one(
		    reader, request, kind, groups->nodes[i], &modules[i]);
		if (modules[i].has_service &&
		    ++services == SETTINGS_SERVICES_MAX + 1)
			schema_complain(reader, groups->nodes[i],
			    "one process too many: at most %d groups may be of "
			    "modules that have one of their own",
			    SETTINGS_SERVICES_MAX);
	}
	return modules;
}
