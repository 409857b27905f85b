/* Prints settings by their rows, and where each value comes from. */
#include "daemon/config/show.h"

#include "daemon/config/builtin.h"
#include "daemon/config/instance.h"
#include "daemon/config/table.h"
#include "daemon/config/value.h"

#include <inttypes.h>
#include <string.h>

struct printer {
	FILE *out;
	struct arena arena;
	const struct loader_request *request;
	int depth;
};

static void print_rows(
    struct printer *, const struct schema_row *, const struct tree_node *group);
static void print_value(FILE *, const struct tree_node *);

static void
indent(const struct printer *printer)
{
	for (int i = 0; i < printer->depth; i++)
		fputc('\t', printer->out);
}

static void
print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static bool
holds_strings(const struct tree_node *list)
{
	const struct tree_node *member;

	for (member = list->first; member != NULL; member = member->next)
		if (member->kind != TREE_STRING)
			return false;
	return true;
}

static void
print_compound(FILE *out, const struct tree_node *node)
{
	const struct tree_node *member;
	const char *signs = "()";

	if (node->kind == TREE_GROUP)
		signs = "{}";
	else if (holds_strings(node))
		signs = "[]";
	fputc(signs[0], out);
	for (member = node->first; member != NULL; member = member->next) {
		fputc(' ', out);
		if (node->kind == TREE_GROUP)
			fprintf(out, "%s = ", member->name);
		print_value(out, member);
		if (node->kind == TREE_GROUP)
			fputc(';', out);
		else if (member->next != NULL)
			fputc(',', out);
	}
	fprintf(out, " %c", signs[1]);
}

/* A value on one line. */
static void
print_value(FILE *out, const struct tree_node *node)
{
	switch (node->kind) {
	case TREE_STRING:
		print_string(out, node->text);
		break;
	case TREE_INTEGER:
		fprintf(out, "%" PRId64, node->number);
		break;
	case TREE_BOOL:
		fputs(node->number != 0 ? "true" : "false", out);
		break;
	case TREE_FLOAT:
		fputs(node->text, out);
		break;
	case TREE_GROUP:
	case TREE_LIST:
		print_compound(out, node);
		break;
	}
}

static void
print_origin(const struct printer *printer, const struct tree_node *node)
{
	if (node == NULL)
		fputs("; # default\n", printer->out);
	else if (strcmp(node->file, BUILTIN_NAME) == 0)
		fputs("; # built in\n", printer->out);
	else
		fprintf(printer->out, "; # %s:%u\n", node->file, node->line);
}

static bool
is_plain(const struct schema_row *row)
{
	bool is_number =
	    row->type == SCHEMA_INTEGER || row->type == SCHEMA_COUNT;

	return row->type == SCHEMA_BOOL || row->type == SCHEMA_WHO ||
	    (is_number &&
		strspn(row->dflt, "-0123456789") == strlen(row->dflt));
}

static void
print_default(struct printer *printer, const struct schema_row *row)
{
	struct string_list items;

	if (is_plain(row)) {
		fputs(row->dflt, printer->out);
		return;
	}
	if (!value_is_list(row)) {
		print_string(printer->out, row->dflt);
		return;
	}
	items = value_default_list(&printer->arena, row);
	fputc('[', printer->out);
	for (size_t i = 0; i < items.count; i++) {
		fputs(i > 0 ? ", " : " ", printer->out);
		print_string(printer->out, items.items[i]);
	}
	fputs(" ]", printer->out);
}

static void
print_setting(struct printer *printer, const struct schema_row *row,
    const struct tree_node *node)
{
	if (node == NULL && (row->dflt == NULL || row->dflt[0] == '\0'))
		return;
	indent(printer);
	fprintf(printer->out, "%s = ", row->name);
	if (row->type == SCHEMA_SECRET)
		fputs("\"(secret)\"", printer->out);
	else if (node == NULL)
		print_default(printer, row);
	else
		print_value(printer->out, node);
	print_origin(printer, node);
}

/* What nobody could describe is shown as it was written. */
static void
print_members(struct printer *printer, const struct tree_node *group)
{
	const struct tree_node *member;

	for (member = group->first; member != NULL; member = member->next) {
		indent(printer);
		fprintf(printer->out, "%s = ", member->name);
		print_value(printer->out, member);
		print_origin(printer, member);
	}
}

static void
print_instance(struct printer *printer, enum loader_kind kind,
    const struct tree_node *group)
{
	struct instance instance;

	instance_describe(
	    &printer->arena, printer->request, kind, group, &instance);
	if (instance.rows != NULL)
		print_rows(printer, instance.rows, group);
	else
		print_members(printer, group);
}

static void
print_group(struct printer *printer, const struct schema_row *row,
    const struct tree_node *group)
{
	fputs("{\n", printer->out);
	printer->depth++;
	if (row->group != NULL)
		print_rows(printer, row->group, group);
	else
		print_instance(printer,
		    strcmp(row->name, "auth") == 0 ? LOADER_AUTH
						   : LOADER_HANDLER,
		    group);
	printer->depth--;
	indent(printer);
	fputc('}', printer->out);
}

static void
print_groups(struct printer *printer, const struct schema_row *row,
    const struct tree_node *node)
{
	const struct tree_node *member;
	bool is_map = row->type == SCHEMA_MAP;

	indent(printer);
	fprintf(printer->out, "%s = %s\n", row->name, is_map ? "{" : "(");
	printer->depth++;
	for (member = node->first; member != NULL; member = member->next) {
		indent(printer);
		if (is_map)
			fprintf(printer->out, "%s = ", member->name);
		print_group(printer, row, member);
		if (is_map)
			fputc(';', printer->out);
		else if (member->next != NULL)
			fputc(',', printer->out);
		fputc('\n', printer->out);
	}
	printer->depth--;
	indent(printer);
	fputs(is_map ? "};\n" : ");\n", printer->out);
}

static void
print_row(struct printer *printer, const struct schema_row *row,
    const struct tree_node *node)
{
	if (row->type == SCHEMA_GROUPS || row->type == SCHEMA_MAP) {
		if (node != NULL)
			print_groups(printer, row, node);
		return;
	}
	if (row->type != SCHEMA_GROUP ||
	    (node != NULL && node->kind != TREE_GROUP) ||
	    (node == NULL && row->words != NULL)) {
		print_setting(printer, row, node);
		return;
	}
	indent(printer);
	fprintf(printer->out, "%s = ", row->name);
	print_group(printer, row, node);
	fputs(";\n", printer->out);
}

static void
print_rows(struct printer *printer, const struct schema_row *rows,
    const struct tree_node *group)
{
	for (; rows->name != NULL; rows++)
		print_row(printer, rows, tree_get(group, rows->name));
}

void
show_settings(const struct loader_request *request,
    const struct settings *settings, FILE *out)
{
	struct printer printer = { .out = out, .request = request };

	arena_init(&printer.arena);
	print_rows(&printer, table_rows, settings->tree);
	arena_clear(&printer.arena);
}
