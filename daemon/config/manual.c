/* The schema, in mdoc. */
#include "daemon/config/manual.h"

#include "daemon/config/table.h"
#include "daemon/config/value.h"

#include <string.h>

static void
print_words(const struct schema_row *row, FILE *out)
{
	for (size_t i = 0; row->words != NULL && row->words[i] != NULL; i++)
		fprintf(out, ".Cm %s%s\n", row->words[i],
		    row->words[i + 1] != NULL ? " ," : "");
}

/* Which names a list may have, by the set that has them. */
static void
print_algorithms(const struct schema_row *row, FILE *out)
{
	static const char *const headings[] = {
		[ALGORITHM_MODERN] = "Modern:",
		[ALGORITHM_COMPATIBLE] = "Compatible, besides:",
		[ALGORITHM_ASK] = "Where they are named:",
	};
	enum algorithm_set set;
	const char *name;

	for (int wanted = ALGORITHM_MODERN; wanted >= 0; wanted--) {
		const char *before = headings[wanted];

		for (size_t i = 0; (name = row->algorithms(i, &set)) != NULL;
		     i++) {
			if ((int)set != wanted)
				continue;
			fprintf(out, "%s\n.Cm %s", before, name);
			before = " ,";
		}
		if (before != headings[wanted])
			fputs(" .\n", out);
	}
}

/* "(duration, 1s to 1h; default 60s)" */
static void
print_type(const struct schema_row *row, FILE *out)
{
	char min[UNIT_TEXT_SIZE], max[UNIT_TEXT_SIZE];

	fprintf(out, "(%s", value_type_name(row->type));
	if (!value_is_list(row) && (row->min != 0 || row->max != 0)) {
		value_format_bound(row, row->min, min);
		value_format_bound(row, row->max, max);
		fprintf(out, ", %s to %s", min, max);
	}
	if (row->dflt == NULL)
		fputs("; must be given", out);
	else if (row->dflt[0] != '\0')
		fprintf(out, "; default %s", row->dflt);
	fputs(")\n", out);
}

/* In lines of at most 78 columns, for mandoc's lint. */
static void
print_sentence(const char *meaning, FILE *out)
{
	char first = meaning[0];
	size_t column = 0, len;

	if (first >= 'a' && first <= 'z')
		first = (char)(first - 'a' + 'A');
	fputc(first, out);
	for (meaning++; *meaning != '\0'; meaning += len) {
		len = 1 + strcspn(meaning + 1, " ");
		if (*meaning == ' ' && column + len > 76) {
			fputc('\n', out);
			column = 0;
			meaning++;
			len--;
		}
		fwrite(meaning, 1, len, out);
		column += len;
	}
	fputs(".\n", out);
}

static void
print_row(const char *path, const struct schema_row *row, FILE *out)
{
	fprintf(
	    out, ".It Cm %s%s%s\n", path, *path == '\0' ? "" : ".", row->name);
	print_type(row, out);
	print_sentence(row->meaning, out);
	if (row->words != NULL) {
		fputs("Words:\n", out);
		print_words(row, out);
	}
	if (row->algorithms != NULL)
		print_algorithms(row, out);
}

/* Of a map whose groups are uses of modules. */
static const struct schema_row *
instance_rows(const struct schema_row *map)
{
	return strcmp(map->name, "auth") == 0 ? table_auth_rows
					      : table_handler_rows;
}

static void
print_rows(const char *path, const struct schema_row *rows, FILE *out)
{
	struct arena arena;

	arena_init(&arena);
	for (; rows->name != NULL; rows++) {
		const char *suffix = rows->type == SCHEMA_MAP ? ".NAME" : "";
		const char *inner = arena_format(&arena, "%s%s%s%s", path,
		    *path == '\0' ? "" : ".", rows->name, suffix);

		print_row(path, rows, out);
		if (rows->group != NULL)
			print_rows(inner, rows->group, out);
		else if (rows->type == SCHEMA_MAP)
			print_rows(inner, instance_rows(rows), out);
	}
	arena_clear(&arena);
}

void
manual_print(FILE *out)
{
	print_rows("", table_rows, out);
}
