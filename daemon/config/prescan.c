/*
 * The grammar of a configuration, read with recovery: after a mistake the
 * scan goes on with the next setting.
 */
#include "daemon/config/prescan.h"

#include "daemon/config/lexeme.h"
#include "lib/wire/view.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Where in the configuration the scan is: one a group, list or setting. */
struct place {
	const struct place *above;
	struct sp_view name; /* of the setting; empty in a list */
	size_t index; /* in a list */
	bool is_in_list;
};

struct given_name {
	struct sp_view name;
	size_t line;
};

struct scan {
	const struct source *source;
	struct mistakes *mistakes;
	struct arena arena;
	struct lexeme_reader reader;
	struct lexeme now;
	struct lexeme ahead;
	unsigned depth;
	bool has_given_up; /* what is still open is no mistake then */
};

static bool scan_value(struct scan *, const struct place *);

static void
advance(struct scan *scan)
{
	scan->now = scan->ahead;
	lexeme_next(&scan->reader, &scan->ahead);
}

/* "rules[2].user: " into room. */
static void
format_place(const struct place *place, char *room, size_t size)
{
	size_t len;

	room[0] = '\0';
	if (place->above == NULL)
		return;
	format_place(place->above, room, size);
	len = strlen(room);
	if (place->is_in_list)
		snprintf(room + len, size - len, "[%zu]", place->index);
	else
		snprintf(room + len, size - len, "%s%.*s", len > 0 ? "." : "",
		    (int)(place->name.len < 64 ? place->name.len : 64),
		    (const char *)place->name.data);
}

__attribute__((format(printf, 4, 5))) static void
complain(struct scan *scan, const struct place *place, size_t line,
    const char *format, ...)
{
	struct source_line at = source_where(scan->source, line);
	char path[256], text[512];
	va_list args;

	if (scan->has_given_up)
		return;
	format_place(place, path, sizeof path);
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	mistake_add(scan->mistakes, at.file, at.line, "%s%s%s", path,
	    path[0] == '\0' ? "" : ": ", text);
}

/* What a lexeme is called in a sentence. */
static const char *
lexeme_text(const struct lexeme *lexeme, char room[48])
{
	if (lexeme->kind == LEXEME_END)
		return "the end of the file";
	if (lexeme->kind == LEXEME_STRING)
		return "a string";
	snprintf(room, 48, "\"%.*s\"",
	    (int)(lexeme->text.len < 40 ? lexeme->text.len : 40),
	    (const char *)lexeme->text.data);
	return room;
}

static void
complain_unexpected(
    struct scan *scan, const struct place *place, const char *expected)
{
	char room[48];

	if (scan->now.problem[0] != '\0')
		complain(scan, place, scan->now.line, "%s", scan->now.problem);
	else
		complain(scan, place, scan->now.line, "%s, expected %s",
		    lexeme_text(&scan->now, room), expected);
}

static bool
is_opener(enum lexeme_kind kind)
{
	return kind == LEXEME_OPEN_GROUP || kind == LEXEME_OPEN_ARRAY ||
	    kind == LEXEME_OPEN_LIST;
}

static bool
is_closer(enum lexeme_kind kind)
{
	return kind == LEXEME_CLOSE_GROUP || kind == LEXEME_CLOSE_ARRAY ||
	    kind == LEXEME_CLOSE_LIST;
}

/* To the end of the setting that went wrong, or the begin of the next. */
static void
recover(struct scan *scan)
{
	size_t open = 0;

	for (; scan->now.kind != LEXEME_END; advance(scan)) {
		if (is_opener(scan->now.kind))
			open++;
		if (is_closer(scan->now.kind) && open-- == 0)
			return;
		if (open > 0)
			continue;
		if (scan->now.kind == LEXEME_SEMICOLON) {
			advance(scan);
			return;
		}
		if (scan->now.kind == LEXEME_NAME &&
		    scan->ahead.kind == LEXEME_ASSIGN)
			return;
	}
}

static int
compare_names(const void *left, const void *right)
{
	const struct given_name *a = left, *b = right;
	size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = memcmp(a->name.data, b->name.data, len);

	if (order != 0)
		return order;
	if (a->name.len != b->name.len)
		return a->name.len < b->name.len ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static void
check_repeated(struct scan *scan, const struct place *group,
    struct given_name *names, size_t count)
{
	if (count > 1)
		qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 1; i < count; i++) {
		struct place place = { .above = group, .name = names[i].name };
		struct source_line first;

		if (!view_equal(names[i - 1].name, names[i].name))
			continue;
		first = source_where(scan->source, names[i - 1].line);
		complain(scan, &place, names[i].line,
		    "given twice in one group, before in %s:%u", first.file,
		    first.line);
	}
}

/* One setting, from its name to its ";". */
static void
scan_setting(struct scan *scan, const struct place *group)
{
	struct place place = { .above = group, .name = scan->now.text };

	advance(scan);
	if (scan->now.kind != LEXEME_ASSIGN) {
		complain_unexpected(scan, &place, "\"=\" and a value");
		recover(scan);
		return;
	}
	advance(scan);
	scan_value(scan, &place);
	if (scan->now.kind == LEXEME_SEMICOLON ||
	    scan->now.kind == LEXEME_COMMA)
		advance(scan);
}

/* Settings up to the lexeme that closes the group, which is left. */
static void
scan_settings(
    struct scan *scan, const struct place *group, enum lexeme_kind closer)
{
	struct given_name *names = NULL;
	size_t count = 0;

	while (scan->now.kind != closer && scan->now.kind != LEXEME_END) {
		if (scan->now.kind == LEXEME_NAME) {
			names = arena_grow(
			    &scan->arena, names, count, sizeof *names);
			names[count++] = (struct given_name){
				.name = scan->now.text,
				.line = scan->now.line,
			};
			scan_setting(scan, group);
			continue;
		}
		if (is_closer(scan->now.kind) && group->above != NULL)
			break;
		complain_unexpected(scan, group, "the name of a setting");
		advance(scan);
		recover(scan);
	}
	check_repeated(scan, group, names, count);
}

static void
close_with(struct scan *scan, const struct place *place,
    enum lexeme_kind closer, const char *sign, size_t opened)
{
	if (scan->now.kind == closer) {
		advance(scan);
		return;
	}
	complain(scan, place, opened,
	    "expected a \"%s\" for what is opened "
	    "here",
	    sign);
}

static void
scan_group(struct scan *scan, const struct place *place)
{
	size_t opened = scan->now.line;

	advance(scan);
	scan_settings(scan, place, LEXEME_CLOSE_GROUP);
	close_with(scan, place, LEXEME_CLOSE_GROUP, "}", opened);
}

static bool
is_scalar(enum lexeme_kind kind)
{
	return kind == LEXEME_STRING || kind == LEXEME_INTEGER ||
	    kind == LEXEME_LONG || kind == LEXEME_FLOAT || kind == LEXEME_BOOL;
}

/* The parts of a string may stand side by side, but not in a list. */
static void
scan_scalar(struct scan *scan, const struct place *place)
{
	enum lexeme_kind kind = scan->now.kind;

	do {
		if (scan->now.problem[0] != '\0')
			complain(scan, place, scan->now.line, "%s",
			    scan->now.problem);
		advance(scan);
	} while (kind == LEXEME_STRING && scan->now.kind == LEXEME_STRING &&
	    !place->is_in_list);
}

/* An array, in brackets, holds plain values of one kind. */
static void
check_element(
    struct scan *scan, const struct place *place, enum lexeme_kind *kind)
{
	if (!is_scalar(scan->now.kind)) {
		if (is_opener(scan->now.kind))
			complain(scan, place, scan->now.line,
			    "\"[ ]\" holds plain values alone, expected "
			    "\"( )\" around groups and lists");
		return;
	}
	if (*kind == LEXEME_END)
		*kind = scan->now.kind;
	else if (*kind != scan->now.kind)
		complain(scan, place, scan->now.line,
		    "the values in \"[ ]\" are of different kinds, expected "
		    "one kind, or \"( )\"");
}

/* Past what is no element: to the next comma or the end of the list. */
static void
recover_element(struct scan *scan)
{
	size_t open = 0;

	for (; scan->now.kind != LEXEME_END; advance(scan)) {
		if (is_opener(scan->now.kind))
			open++;
		if (is_closer(scan->now.kind) && open-- == 0)
			return;
		if (open == 0 &&
		    (scan->now.kind == LEXEME_COMMA ||
			scan->now.kind == LEXEME_SEMICOLON ||
			scan->ahead.kind == LEXEME_ASSIGN))
			return;
	}
}

/* Goes on to the next element. False when there is none. */
static bool
scan_comma(struct scan *scan, const struct place *list, enum lexeme_kind closer)
{
	size_t line = scan->now.line;

	if (scan->now.kind == LEXEME_COMMA) {
		advance(scan);
		if (scan->now.kind != closer)
			return true;
		complain(scan, list, line,
		    "a comma after the last value of a list, expected none");
		return false;
	}
	if (!is_scalar(scan->now.kind) && !is_opener(scan->now.kind))
		return false;
	complain(scan, list, line,
	    "two values of a list without a comma between them");
	return true;
}

static void
scan_list(struct scan *scan, const struct place *place)
{
	bool is_array = scan->now.kind == LEXEME_OPEN_ARRAY;
	enum lexeme_kind closer =
	    is_array ? LEXEME_CLOSE_ARRAY : LEXEME_CLOSE_LIST;
	struct place element = { .above = place, .is_in_list = true };
	enum lexeme_kind kind = LEXEME_END;
	size_t opened = scan->now.line;

	advance(scan);
	if (scan->now.kind != closer) {
		do {
			if (is_array)
				check_element(scan, &element, &kind);
			if (!scan_value(scan, &element))
				recover_element(scan);
			element.index++;
		} while (scan_comma(scan, place, closer));
	}
	close_with(scan, place, closer, is_array ? "]" : ")", opened);
}

static void
scan_compound(struct scan *scan, const struct place *place)
{
	if (scan->depth == PRESCAN_DEPTH_MAX) {
		complain(scan, place, scan->now.line,
		    "groups and lists are more than %d deep",
		    PRESCAN_DEPTH_MAX);
		scan->has_given_up = true;
		lexeme_init(&scan->reader, view_of("", 0));
		advance(scan);
		advance(scan);
		return;
	}
	scan->depth++;
	if (scan->now.kind == LEXEME_OPEN_GROUP)
		scan_group(scan, place);
	else
		scan_list(scan, place);
	scan->depth--;
}

/* False, with what is no value still to be read, when there is none. */
static bool
scan_value(struct scan *scan, const struct place *place)
{
	char room[48];

	if (is_opener(scan->now.kind)) {
		scan_compound(scan, place);
		return true;
	}
	if (is_scalar(scan->now.kind)) {
		scan_scalar(scan, place);
		return true;
	}
	if (scan->now.kind == LEXEME_NAME &&
	    scan->ahead.kind != LEXEME_ASSIGN) {
		complain(scan, place, scan->now.line,
		    "%s is no value: a text is in quotes, and a truth value "
		    "is true or false",
		    lexeme_text(&scan->now, room));
		advance(scan);
		return true;
	}
	complain_unexpected(scan, place, "a value");
	if (scan->now.kind == LEXEME_UNKNOWN)
		advance(scan);
	return false;
}

/* Behind a NUL, even in a comment, libconfig would see nothing. */
static void
check_nul(const struct source *source, struct mistakes *mistakes)
{
	struct source_line at;
	size_t line = 1;

	for (size_t i = 0; i < source->len; i++) {
		if (source->text[i] == '\n')
			line++;
		if (source->text[i] != '\0')
			continue;
		at = source_where(source, line);
		mistake_add(
		    mistakes, at.file, at.line, "a NUL byte, expected text");
	}
}

void
prescan_check(const struct source *source, struct mistakes *mistakes)
{
	struct place root = { .above = NULL };
	struct scan scan = { .source = source, .mistakes = mistakes };

	check_nul(source, mistakes);
	arena_init(&scan.arena);
	lexeme_init(&scan.reader, view_of(source->text, source->len));
	advance(&scan);
	advance(&scan);
	scan_settings(&scan, &root, LEXEME_END);
	arena_clear(&scan.arena);
}
