/* Words become a text of the configuration's language, and that a tree. */
#include "cli/modtest/assignment.h"

#include "daemon/config/parse.h"
#include "daemon/config/prescan.h"

#include <string.h>

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_name(const char *name)
{
	if (!is_letter(*name))
		return false;
	while (is_letter(*name) ||
	    (*name != '\0' && strchr("0123456789_-", *name) != NULL))
		name++;
	return *name == '\0';
}

static bool
is_number(const char *value)
{
	size_t sign = *value == '-' ? 1 : 0;

	return value[sign] != '\0' && strlen(value) < 20 &&
	    value[sign + strspn(value + sign, "0123456789")] == '\0';
}

static bool
is_truth(const char *value)
{
	return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
}

/* Whether it is written as it stands; else it is a text. */
static bool
is_literal(const struct schema_row *row, const char *value)
{
	if (*value != '\0' && strchr("\"[({", *value) != NULL)
		return true;
	if (row == NULL)
		return false;
	if (row->type == SCHEMA_BOOL || row->type == SCHEMA_WHO)
		return is_truth(value);
	return row->type == SCHEMA_INTEGER && is_number(value);
}

static const char *
quote(struct arena *arena, const char *value)
{
	char *quoted = arena_alloc(arena, strlen(value) + 1, 4), *to = quoted;

	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			*to++ = '\\';
			*to++ = 'n';
			continue;
		}
		if (*value == '"' || *value == '\\')
			*to++ = '\\';
		*to++ = *value;
	}
	return quoted;
}

static struct tree_node *
read_word(struct arena *arena, const struct schema_row *rows, const char *word,
    struct mistakes *mistakes)
{
	const char *equals = strchr(word, '=');
	size_t before = mistakes->count;
	const char *name, *text;
	struct source source;

	name = equals == NULL
	    ? word
	    : arena_copy(arena, view_of(word, (size_t)(equals - word)));
	if (equals == NULL || !is_name(name)) {
		mistake_add(mistakes, word, 0, "an option is name=value");
		return NULL;
	}
	text = is_literal(schema_find(rows, name), equals + 1)
	    ? arena_format(arena, "%s = %s;\n", name, equals + 1)
	    : arena_format(
		  arena, "%s = \"%s\";\n", name, quote(arena, equals + 1));
	source_of_text(arena, word, view_of_string(text), &source);
	prescan_check(&source, mistakes);
	return mistakes->count == before
	    ? parse_source(arena, &source, mistakes)
	    : NULL;
}

struct tree_node *
assignment_read(struct arena *arena, const struct schema_row *rows,
    char *const words[], size_t count, struct mistakes *mistakes)
{
	struct tree_node *group = tree_add(arena, NULL, TREE_GROUP, "");
	bool is_good = true;

	group->file = "options";
	for (size_t i = 0; i < count; i++) {
		struct tree_node *word =
		    read_word(arena, rows, words[i], mistakes);

		if (word == NULL)
			is_good = false;
		else
			tree_merge(group, word);
	}
	return is_good ? group : NULL;
}
