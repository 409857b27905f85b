/* Checks groups by their rows and fills structs from them. */
#include "daemon/config/schema.h"

#include "daemon/config/spelling.h"
#include "daemon/config/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct schema_row *
schema_find(const struct schema_row *rows, const char *name)
{
	for (; rows->name != NULL; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

void
schema_complain(struct schema_reader *reader, const struct tree_node *node,
    const char *format, ...)
{
	const char *path = tree_path(reader->arena, node);
	char text[640];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	mistake_add(reader->mistakes, node->file, node->line, "%s%s%s", path,
	    *path == '\0' ? "" : ": ", text);
}

/* What was written, as a sentence's subject. */
static const char *
describe(struct arena *arena, const struct tree_node *node)
{
	switch (node->kind) {
	case TREE_GROUP:
		return "a group";
	case TREE_LIST:
		return "a list";
	case TREE_STRING:
		return arena_format(arena, "\"%.100s\"", node->text);
	case TREE_INTEGER:
		return arena_format(arena, "%" PRId64, node->number);
	case TREE_BOOL:
		return node->number != 0 ? "true" : "false";
	case TREE_FLOAT:
		return node->text;
	}
	return "";
}

static void
complain_value(struct schema_reader *reader, const struct schema_row *row,
    const struct tree_node *node, const char *problem)
{
	char expected[VALUE_EXPECTED_SIZE], hint[SPELLING_HINT_SIZE];
	struct spelling spelling = { .word = "" };

	if (node->kind == TREE_STRING)
		spelling.word = node->text;
	for (size_t i = 0; row->words != NULL && row->words[i] != NULL; i++)
		spelling_offer(&spelling, row->words[i]);
	spelling_hint(&spelling, hint);
	value_expected(row, expected);
	schema_complain(reader, node, "%s %s, expected %s%s",
	    row->type == SCHEMA_SECRET ? "the secret"
				       : describe(reader->arena, node),
	    problem, expected, hint);
}

static void
complain_unknown(struct schema_reader *reader, const struct schema_row *rows,
    const struct tree_node *node)
{
	struct spelling spelling = { .word = node->name };
	char hint[SPELLING_HINT_SIZE], known[512] = "";
	size_t len = 0;

	for (; rows->name != NULL; rows++) {
		spelling_offer(&spelling, rows->name);
		if (len < sizeof known)
			len += (size_t)snprintf(known + len, sizeof known - len,
			    "%s%s", len > 0 ? ", " : "", rows->name);
	}
	spelling_hint(&spelling, hint);
	if (hint[0] != '\0')
		schema_complain(reader, node, "unknown setting%s", hint);
	else
		schema_complain(reader, node,
		    "unknown setting, expected one of: %s", known);
}

/* The text of a scalar whose kind fits its row; else NULL. */
static const char *
scalar_text(struct arena *arena, const struct schema_row *row,
    const struct tree_node *node)
{
	bool is_number =
	    row->type == SCHEMA_INTEGER || row->type == SCHEMA_COUNT;

	if (row->type == SCHEMA_BOOL)
		return node->kind == TREE_BOOL ? describe(arena, node) : NULL;
	if (is_number && node->kind == TREE_INTEGER)
		return describe(arena, node);
	if (is_number && row->words == NULL)
		return NULL;
	return node->kind == TREE_STRING ? node->text : NULL;
}

static void
read_scalar(struct schema_reader *reader, const struct schema_row *row,
    const struct tree_node *node, void *field)
{
	const char *text = scalar_text(reader->arena, row, node);
	const char *problem = "does not fit";

	if (text != NULL)
		problem = value_set(reader->arena, row, text, field);
	if (problem != NULL)
		complain_value(reader, row, node, problem);
}

/* A lone scalar is a list of one. */
static void
read_list(struct schema_reader *reader, const struct schema_row *row,
    const struct tree_node *node, void *field)
{
	const struct tree_node *member =
	    node->kind == TREE_LIST ? node->first : node;
	const struct tree_node *end =
	    node->kind == TREE_LIST ? NULL : node->next;
	const char **items = NULL, *problem;
	struct string_list list = { .count = 0 };
	bool is_good = true;
	size_t place = 0;

	for (; member != end; member = member->next, place++) {
		problem = member->kind == TREE_STRING
		    ? value_member_problem(row, member->text, place)
		    : "does not fit";
		if (problem != NULL) {
			complain_value(reader, row, member, problem);
			is_good = false;
			continue;
		}
		items =
		    arena_grow(reader->arena, items, list.count, sizeof *items);
		items[list.count++] = member->text;
	}
	list.items = items;
	problem = value_count_problem(row, place);
	if (problem != NULL)
		complain_value(reader, row, node, problem);
	else if (is_good)
		value_set_list(reader->arena, row, list, field);
}

/* Turns a value into a compound one that holds it under a name. */
static void
wrap(struct schema_reader *reader, struct tree_node *node, enum tree_kind kind,
    const char *name)
{
	struct tree_node value = *node, *inner;

	node->kind = kind;
	node->first = node->last = NULL;
	inner = tree_add(reader->arena, node, value.kind, name);
	inner->text = value.text;
	inner->number = value.number;
	inner->file = value.file;
	inner->line = value.line;
	inner->first = value.first;
	inner->last = value.last;
	for (value.first = inner->first; value.first != NULL;
	     value.first = value.first->next)
		value.first->parent = inner;
}

static bool
is_scalar(const struct tree_node *node)
{
	return node->kind != TREE_GROUP && node->kind != TREE_LIST;
}

static void
read_groups(struct schema_reader *reader, const struct schema_row *row,
    struct tree_node *node, struct schema_groups *field)
{
	struct schema_groups groups = { .count = 0 };
	struct tree_node *member, **nodes;
	size_t i = 0;

	if (row->type == SCHEMA_GROUPS && node->kind != TREE_LIST)
		wrap(reader, node, TREE_LIST, "");
	if (row->type == SCHEMA_MAP && node->kind != TREE_GROUP) {
		complain_value(reader, row, node, "does not fit");
		return;
	}
	groups.count = tree_count(node);
	nodes = arena_alloc(reader->arena, groups.count, sizeof *nodes);
	groups.nodes = nodes;
	if (field != NULL && row->size > 0)
		groups.items =
		    arena_alloc(reader->arena, groups.count, row->size);
	for (member = node->first; member != NULL; member = member->next) {
		void *target = groups.items == NULL
		    ? NULL
		    : (char *)groups.items + i * row->size;

		nodes[i++] = member;
		if (row->type == SCHEMA_GROUPS && is_scalar(member))
			wrap(reader, member, TREE_GROUP, row->group->name);
		if (member->kind != TREE_GROUP)
			schema_complain(reader, member,
			    "%s does not fit, expected a group { }",
			    describe(reader->arena, member));
		else if (row->group != NULL)
			schema_read(reader, row->group, member, target);
	}
	if (field != NULL)
		*field = groups;
}

/* A word is the group with that for its first setting. */
static void
read_group(struct schema_reader *reader, const struct schema_row *row,
    struct tree_node *node, void *field)
{
	if (node != NULL && node->kind == TREE_STRING && row->words != NULL &&
	    value_member_problem(row, node->text, 0) == NULL)
		wrap(reader, node, TREE_GROUP, row->group->name);
	if (node != NULL && node->kind != TREE_GROUP)
		complain_value(reader, row, node, "does not fit");
	else
		schema_read(reader, row->group, node, field);
}

static void
read_names(struct schema_reader *reader, const struct schema_row *row,
    const struct tree_node *node, const struct tree_node **field)
{
	const struct tree_node *member;

	if (node == NULL)
		return;
	if (node->kind != TREE_GROUP) {
		complain_value(reader, row, node, "does not fit");
		return;
	}
	for (member = node->first; member != NULL; member = member->next)
		if (member->kind != TREE_STRING)
			schema_complain(reader, member,
			    "%s does not fit, expected a string",
			    describe(reader->arena, member));
	if (field != NULL)
		*field = node;
}

static void
read_storage(struct schema_reader *reader, const struct schema_row *row,
    struct tree_node *node, const struct tree_node **field)
{
	const struct tree_node *type;

	if (node == NULL)
		return;
	if (node->kind == TREE_STRING)
		wrap(reader, node, TREE_GROUP, "type");
	type = tree_get(node, "type");
	if (node->kind != TREE_GROUP)
		complain_value(reader, row, node, "does not fit");
	else if (type != NULL && type->kind != TREE_STRING)
		schema_complain(
		    reader, type, "does not fit, expected a module's name");
	else if (field != NULL)
		*field = node;
}

static void
read_compound(struct schema_reader *reader, const struct schema_row *row,
    struct tree_node *node, void *field)
{
	if (row->type == SCHEMA_GROUP)
		read_group(reader, row, node, field);
	else if (row->type == SCHEMA_STORAGE)
		read_storage(reader, row, node, field);
	else if (row->type == SCHEMA_NAMES)
		read_names(reader, row, node, field);
	else if (node != NULL)
		read_groups(reader, row, node, field);
}

static void
complain_missing(struct schema_reader *reader, const struct schema_row *row,
    const struct tree_node *group)
{
	char expected[VALUE_EXPECTED_SIZE];

	value_expected(row, expected);
	if (group == NULL || group->parent == NULL)
		mistake_add(reader->mistakes, reader->file, 0,
		    "%s: is missing, expected %s", row->name, expected);
	else
		schema_complain(reader, group, "%s is missing, expected %s",
		    row->name, expected);
}

static void
set_default(
    struct schema_reader *reader, const struct schema_row *row, void *field)
{
	if (value_is_list(row))
		value_set_list(reader->arena, row,
		    value_default_list(reader->arena, row), field);
	else
		value_set(reader->arena, row, row->dflt, field);
}

static void
read_row(struct schema_reader *reader, const struct schema_row *row,
    struct tree_node *group, void *field)
{
	struct tree_node *node = tree_get(group, row->name);

	if (node == NULL && row->dflt == NULL)
		complain_missing(reader, row, group);
	else if (value_is_compound(row))
		read_compound(reader, row, node, field);
	else if (node == NULL)
		set_default(reader, row, field);
	else if (row->type == SCHEMA_WHO && node->kind == TREE_BOOL)
		value_set_list(reader->arena, row,
		    value_of_truth(node->number != 0), field);
	else if (value_is_list(row))
		read_list(reader, row, node, field);
	else
		read_scalar(reader, row, node, field);
}

void
schema_read(struct schema_reader *reader, const struct schema_row *rows,
    struct tree_node *group, void *target)
{
	const struct tree_node *member;

	if (group != NULL)
		for (member = group->first; member != NULL;
		     member = member->next)
			if (schema_find(rows, member->name) == NULL)
				complain_unknown(reader, rows, member);
	for (; rows->name != NULL; rows++)
		read_row(reader, rows, group,
		    target == NULL ? NULL : (char *)target + rows->offset);
}
