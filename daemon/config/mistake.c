/* Mistakes of a configuration, all reported in one run. */
#include "daemon/config/mistake.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A file that is one long mistake need not be told in full. */
enum { MISTAKES_MAX = 1000, TEXT_SIZE = 1024 };

void
mistake_init(struct mistakes *mistakes)
{
	*mistakes = (struct mistakes){ .count = 0 };
	arena_init(&mistakes->arena);
}

void
mistake_clear(struct mistakes *mistakes)
{
	arena_clear(&mistakes->arena);
	mistake_init(mistakes);
}

static void
add(struct mistakes *mistakes, const char *file, unsigned line,
    const char *text)
{
	struct mistake *each;

	mistakes->items = arena_grow(&mistakes->arena, mistakes->items,
	    mistakes->count, sizeof *mistakes->items);
	each = &mistakes->items[mistakes->count++];
	each->file = arena_string(&mistakes->arena, file);
	each->line = line;
	each->text = arena_string(&mistakes->arena, text);
	each->order = mistakes->count;
}

/* What comes from a file is shown without its control characters. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void
mistake_add(struct mistakes *mistakes, const char *file, unsigned line,
    const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	if (mistakes->count >= MISTAKES_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_printable(text);
	add(mistakes, file, line, text);
}

static int
compare(const void *left, const void *right)
{
	const struct mistake *a = left, *b = right;
	int order = strcmp(a->file, b->file);

	if (order != 0)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void
mistake_print(struct mistakes *mistakes, FILE *out)
{
	const struct mistake *each;

	if (mistakes->count == 0)
		return;
	qsort(
	    mistakes->items, mistakes->count, sizeof *mistakes->items, compare);
	for (size_t i = 0; i < mistakes->count; i++) {
		each = &mistakes->items[i];
		if (each->line > 0)
			fprintf(out, "%s:%u: %s\n", each->file, each->line,
			    each->text);
		else
			fprintf(out, "%s: %s\n", each->file, each->text);
	}
	if (mistakes->count >= MISTAKES_MAX)
		fputs("and more: these are the first 1000\n", out);
}
