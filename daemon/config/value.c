/* From text to the C type of a setting. */
#include "daemon/config/value.h"

#include "daemon/config/cidr.h"
#include "daemon/config/expand.h"
#include "daemon/config/pattern.h"
#include "lib/wire/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a type is called, and an example of it. */
static const struct {
	const char *name;
	const char *example;
} types[] = {
	[SCHEMA_STRING] = { "string", "a string" },
	[SCHEMA_SECRET] = { "secret", "a string" },
	[SCHEMA_PATH] = { "path", "an absolute path" },
	[SCHEMA_TEXT] = { "text", "a text" },
	[SCHEMA_WORD] = { "word", "" },
	[SCHEMA_BOOL] = { "truth value", "true or false" },
	[SCHEMA_INTEGER] = { "number", "a number" },
	[SCHEMA_COUNT] = { "number", "a number" },
	[SCHEMA_TIME] = { "duration", "a duration such as \"30s\"" },
	[SCHEMA_SIZE] = { "size", "a size such as \"64M\"" },
	[SCHEMA_RATE] = { "rate", "a rate such as \"20M/s\"" },
	[SCHEMA_MODE] = { "mode", "a mode such as \"0640\"" },
	[SCHEMA_STRINGS] = { "list of strings", "strings" },
	[SCHEMA_PATHS] = { "list of paths", "absolute paths" },
	[SCHEMA_PATTERNS] = { "list of patterns", "patterns" },
	[SCHEMA_WHO] = { "truth value or list of patterns",
	    "true, false, or patterns" },
	[SCHEMA_ARGV] = { "program and arguments",
	    "a program's absolute path and its arguments" },
	[SCHEMA_VARIABLES] = { "list of variables",
	    "variables such as \"LANG=C.UTF-8\"" },
	[SCHEMA_CIDRS] = { "list of networks",
	    "addresses or networks such as \"10.0.0.0/8\"" },
	[SCHEMA_NAMES] = { "named strings", "strings: { name = \"...\"; }" },
	[SCHEMA_GROUP] = { "group", "a group { }" },
	[SCHEMA_STORAGE] = { "storage", "a group { type = \"local\"; }" },
	[SCHEMA_GROUPS] = { "list of groups", "groups: ( { }, { } )" },
	[SCHEMA_MAP] = { "named groups", "named groups: { name = { }; }" },
};

bool
value_is_list(const struct schema_row *row)
{
	return row->type == SCHEMA_STRINGS || row->type == SCHEMA_PATHS ||
	    row->type == SCHEMA_PATTERNS || row->type == SCHEMA_WHO ||
	    row->type == SCHEMA_ARGV || row->type == SCHEMA_VARIABLES ||
	    row->type == SCHEMA_CIDRS;
}

bool
value_is_compound(const struct schema_row *row)
{
	return row->type == SCHEMA_GROUP || row->type == SCHEMA_GROUPS ||
	    row->type == SCHEMA_MAP || row->type == SCHEMA_NAMES ||
	    row->type == SCHEMA_STORAGE;
}

const char *
value_type_name(enum schema_type type)
{
	return types[type].name;
}

/* The index of a word; the number of words when it is none of them. */
static size_t
word_index(const struct schema_row *row, const char *text)
{
	size_t i = 0;

	if (row->words == NULL)
		return 0;
	while (row->words[i] != NULL && strcmp(row->words[i], text) != 0)
		i++;
	return i;
}

static bool
is_word(const struct schema_row *row, const char *text)
{
	return row->words != NULL && row->words[word_index(row, text)] != NULL;
}

static const char *
text_problem(const char *text)
{
	return view_has_control(view_of_string(text))
	    ? "holds a control character"
	    : NULL;
}

static const char *
path_problem(const struct schema_row *row, const char *text)
{
	if (is_word(row, text))
		return NULL;
	if (text[0] != '/' && strncmp(text, "%h/", 3) != 0 &&
	    strcmp(text, "%h") != 0)
		return row->dflt != NULL && text[0] == '\0' &&
			row->dflt[0] == '\0'
		    ? NULL
		    : "is no absolute path";
	if (expand_problem(text) != NULL)
		return expand_problem(text);
	return text_problem(text);
}

/* An argument: the first is the program, and nobody chooses that. */
static const char *
argument_problem(const char *text, size_t place)
{
	if (place == 0 && (text[0] != '/' || strchr(text, '%') != NULL))
		return "is no absolute path";
	if (expand_problem(text) != NULL)
		return expand_problem(text);
	return text_problem(text);
}

static const char *
variable_problem(const char *text)
{
	size_t name = strspn(text,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_");

	if (name == 0 || text[name] != '=' ||
	    strchr("0123456789", text[0]) != NULL)
		return "is no variable with its value";
	if (expand_problem(text) != NULL)
		return expand_problem(text);
	return text_problem(text);
}

static const char *
range_problem(const struct schema_row *row, uint64_t value)
{
	if (row->min == 0 && row->max == 0)
		return NULL;
	if (value < (uint64_t)row->min || value > (uint64_t)row->max)
		return "is out of range";
	return NULL;
}

static const char *
set_amount(const struct schema_row *row, const char *text, uint64_t *field)
{
	uint64_t value = 0;
	bool is_good = row->type == SCHEMA_TIME ? unit_parse_time(text, &value)
	    : row->type == SCHEMA_SIZE		? unit_parse_size(text, &value)
						: unit_parse_rate(text, &value);
	const char *problem;

	if (!is_good)
		return "does not fit";
	problem = range_problem(row, value);
	if (problem == NULL && field != NULL)
		*field = value;
	return problem;
}

static const char *
set_count(const struct schema_row *row, const char *text, uint32_t *field)
{
	uint64_t value = 0;
	const char *problem = NULL;

	if (is_word(row, text))
		value = (uint64_t)row->min - 1 - word_index(row, text);
	else if (!unit_parse_number(text, &value) || value > UINT32_MAX)
		problem = "does not fit";
	else
		problem = range_problem(row, value);
	if (problem == NULL && field != NULL)
		*field = (uint32_t)value;
	return problem;
}

static const char *
set_integer(const struct schema_row *row, const char *text, int64_t *field)
{
	bool is_negative = text[0] == '-';
	uint64_t magnitude = 0;
	int64_t value;

	if (!unit_parse_number(text + is_negative, &magnitude) ||
	    magnitude > INT64_MAX)
		return "does not fit";
	value = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
	if ((row->min != 0 || row->max != 0) &&
	    (value < row->min || value > row->max))
		return "is out of range";
	if (field != NULL)
		*field = value;
	return NULL;
}

static const char *
set_bool(const char *text, bool *field)
{
	bool value = strcmp(text, "true") == 0;

	if (!value && strcmp(text, "false") != 0)
		return "does not fit";
	if (field != NULL)
		*field = value;
	return NULL;
}

static const char *
set_mode(const struct schema_row *row, const char *text, unsigned *field)
{
	unsigned mode = 0;
	const char *problem;

	if (!unit_parse_mode(text, &mode))
		return "does not fit";
	problem = range_problem(row, mode);
	if (problem == NULL && field != NULL)
		*field = mode;
	return problem;
}

static const char *
set_word(const struct schema_row *row, const char *text, unsigned *field)
{
	if (!is_word(row, text))
		return "is none of these words";
	if (field != NULL)
		*field = (unsigned)word_index(row, text);
	return NULL;
}

static const char *
set_text(struct arena *arena, const struct schema_row *row, const char *text,
    const char **field)
{
	const char *problem = NULL;

	if (row->type == SCHEMA_PATH)
		problem = path_problem(row, text);
	else if (row->type == SCHEMA_TEXT)
		problem = expand_problem(text);
	if (problem == NULL && field != NULL)
		*field = arena_string(arena, text);
	return problem;
}

const char *
value_set(struct arena *arena, const struct schema_row *row, const char *text,
    void *field)
{
	switch (row->type) {
	case SCHEMA_STRING:
	case SCHEMA_SECRET:
	case SCHEMA_PATH:
	case SCHEMA_TEXT:
		return set_text(arena, row, text, field);
	case SCHEMA_WORD:
		return set_word(row, text, field);
	case SCHEMA_BOOL:
		return set_bool(text, field);
	case SCHEMA_INTEGER:
		return set_integer(row, text, field);
	case SCHEMA_COUNT:
		return set_count(row, text, field);
	case SCHEMA_TIME:
	case SCHEMA_SIZE:
	case SCHEMA_RATE:
		return set_amount(row, text, field);
	case SCHEMA_MODE:
		return set_mode(row, text, field);
	case SCHEMA_STRINGS:
	case SCHEMA_PATHS:
	case SCHEMA_PATTERNS:
	case SCHEMA_WHO:
	case SCHEMA_ARGV:
	case SCHEMA_VARIABLES:
	case SCHEMA_CIDRS:
	case SCHEMA_NAMES:
	case SCHEMA_STORAGE:
	case SCHEMA_GROUP:
	case SCHEMA_GROUPS:
	case SCHEMA_MAP:
		break;
	}
	return "is no single value";
}

const char *
value_member_problem(
    const struct schema_row *row, const char *text, size_t place)
{
	struct cidr net;

	if (row->type == SCHEMA_CIDRS)
		return cidr_parse(text, &net);
	if (row->type == SCHEMA_PATTERNS || row->type == SCHEMA_WHO)
		return pattern_problem(text);
	if (row->type == SCHEMA_ARGV)
		return argument_problem(text, place);
	if (row->type == SCHEMA_VARIABLES)
		return variable_problem(text);
	if (row->type == SCHEMA_PATHS)
		return path_problem(row, text);
	if (row->words != NULL && !is_word(row, text))
		return "is none of these words";
	return text_problem(text);
}

const char *
value_count_problem(const struct schema_row *row, size_t count)
{
	if (count < (unsigned long long)row->min)
		return count == 0 ? "is empty" : "has too few members";
	if (row->max > 0 && count > (unsigned long long)row->max)
		return "has too many members";
	return NULL;
}

struct string_list
value_of_truth(bool truth)
{
	static const char *const all[] = { "**" };

	return (struct string_list){ .items = all, .count = truth ? 1 : 0 };
}

static void
store_nets(
    struct arena *arena, struct string_list members, struct cidr_list *field)
{
	struct cidr *nets = arena_alloc(arena, members.count, sizeof *nets);

	for (size_t i = 0; i < members.count; i++)
		cidr_parse(members.items[i], &nets[i]);
	*field = (struct cidr_list){ .items = nets, .count = members.count };
}

const char *
value_set_list(struct arena *arena, const struct schema_row *row,
    struct string_list members, void *field)
{
	for (size_t i = 0; i < members.count; i++) {
		const char *problem =
		    value_member_problem(row, members.items[i], i);

		if (problem != NULL)
			return problem;
	}
	if (field != NULL && row->type == SCHEMA_CIDRS)
		store_nets(arena, members, field);
	else if (field != NULL)
		*(struct string_list *)field = members;
	return NULL;
}

/* "\"text\", \"json\"" */
static void
append_words(const struct schema_row *row, char *text, size_t size)
{
	for (size_t i = 0; row->words != NULL && row->words[i] != NULL; i++) {
		size_t len = strlen(text);

		snprintf(text + len, size - len, "%s\"%s\"",
		    i == 0			    ? ""
			: row->words[i + 1] == NULL ? " or "
						    : ", ",
		    row->words[i]);
	}
}

void
value_format_bound(
    const struct schema_row *row, long long bound, char text[UNIT_TEXT_SIZE])
{
	if (row->type == SCHEMA_TIME)
		unit_format_time((uint64_t)bound, text);
	else if (row->type == SCHEMA_SIZE || row->type == SCHEMA_RATE)
		unit_format_size((uint64_t)bound, text);
	else
		snprintf(text, UNIT_TEXT_SIZE,
		    row->type == SCHEMA_MODE ? "%04llo" : "%lld", bound);
}

static void
append_range(const struct schema_row *row, char *text, size_t size)
{
	char min[UNIT_TEXT_SIZE], max[UNIT_TEXT_SIZE];
	size_t len = strlen(text);

	if (value_is_list(row) || (row->min == 0 && row->max == 0))
		return;
	value_format_bound(row, row->min, min);
	value_format_bound(row, row->max, max);
	snprintf(text + len, size - len, " from %s to %s", min, max);
}

void
value_expected(const struct schema_row *row, char text[VALUE_EXPECTED_SIZE])
{
	const char *example = types[row->type].example;

	text[0] = '\0';
	append_words(row, text, VALUE_EXPECTED_SIZE);
	if (row->type == SCHEMA_STRINGS && row->words != NULL)
		example = "";
	snprintf(text + strlen(text), VALUE_EXPECTED_SIZE - strlen(text),
	    "%s%s", text[0] != '\0' && *example != '\0' ? ", or " : "",
	    example);
	append_range(row, text, VALUE_EXPECTED_SIZE);
}

/* Takes the next value off the text; false where there is none. */
static bool
next_default(const char **text, bool is_written, struct sp_view *value)
{
	const char *begin = *text + strspn(*text, " ");
	const char *end;

	if (is_written) {
		begin = strchr(begin, '"');
		end = begin == NULL ? NULL : strchr(++begin, '"');
		if (end == NULL)
			return false;
	} else {
		end = begin + strcspn(begin, " ");
	}
	*value = view_of(begin, (size_t)(end - begin));
	*text = is_written ? end + 1 : end;
	return is_written || value->len > 0;
}

struct string_list
value_default_list(struct arena *arena, const struct schema_row *row)
{
	const char *text = row->dflt;
	const bool is_written = strncmp(text, "[ ", 2) == 0;
	const char **items = NULL;
	struct sp_view value;
	size_t count = 0;

	if (row->type == SCHEMA_WHO)
		return value_of_truth(strcmp(text, "true") == 0);
	while (next_default(&text, is_written, &value)) {
		items = arena_grow(arena, items, count, sizeof *items);
		items[count++] = arena_copy(arena, value);
	}
	return (struct string_list){ .items = items, .count = count };
}
