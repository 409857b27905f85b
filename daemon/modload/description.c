/* Encoding and decoding what a module says about itself. */
#include "daemon/modload/description.h"

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

/* Groups in groups no deeper than modoptions.c has them. */
enum { ROWS_MAX = 256, WORDS_MAX = 256, DEPTH_MAX = 5 };

static void write_rows(struct writer *, const struct schema_row *);
static const struct schema_row *
read_rows(struct reader *, struct arena *, unsigned depth);

/* Those that hold others by a table. */
static bool
is_group(enum schema_type type)
{
	return type == SCHEMA_GROUP || type == SCHEMA_GROUPS;
}

static void
write_words(struct writer *w, const char *const *words)
{
	uint32_t count = 0;

	while (words != NULL && words[count] != NULL)
		count++;
	writer_u32(w, count);
	for (uint32_t i = 0; i < count; i++)
		writer_cstring(w, words[i]);
}

/* NULL where there are none, as in a row. */
static const char *const *
read_words(struct reader *r, struct arena *arena)
{
	uint32_t count = reader_u32(r);
	const char **words;

	if (count > WORDS_MAX)
		reader_fail(r);
	if (count == 0 || r->failed)
		return NULL;
	words = arena_alloc(arena, count + 1, sizeof *words);
	for (uint32_t i = 0; i < count; i++)
		words[i] = arena_copy(arena, reader_string(r));
	return words;
}

static void
write_row(struct writer *w, const struct schema_row *row)
{
	writer_cstring(w, row->name);
	writer_cstring(w, row->meaning);
	writer_u32(w, row->type);
	writer_bool(w, row->dflt != NULL);
	writer_cstring(w, row->dflt == NULL ? "" : row->dflt);
	writer_u64(w, (uint64_t)row->min);
	writer_u64(w, (uint64_t)row->max);
	write_words(w, row->words);
	if (is_group(row->type))
		write_rows(w, row->group);
}

static struct schema_row
read_row(struct reader *r, struct arena *arena, unsigned depth)
{
	struct schema_row row = { 0 };
	uint32_t type;
	bool has_default;

	row.name = arena_copy(arena, reader_string(r));
	row.meaning = arena_copy(arena, reader_string(r));
	type = reader_u32(r);
	if (type > SCHEMA_STORAGE || type == SCHEMA_NAMES || type == SCHEMA_MAP)
		reader_fail(r);
	row.type = (enum schema_type)type;
	has_default = reader_bool(r);
	row.dflt = arena_copy(arena, reader_string(r));
	if (!has_default)
		row.dflt = NULL;
	row.min = (long long)reader_u64(r);
	row.max = (long long)reader_u64(r);
	row.words = read_words(r, arena);
	if (!r->failed && is_group(row.type))
		row.group = read_rows(r, arena, depth + 1);
	return row;
}

static void
write_rows(struct writer *w, const struct schema_row *rows)
{
	uint32_t count = 0;

	while (rows != NULL && rows[count].name != NULL)
		count++;
	writer_u32(w, count);
	for (uint32_t i = 0; i < count; i++)
		write_row(w, &rows[i]);
}

static const struct schema_row *
read_rows(struct reader *r, struct arena *arena, unsigned depth)
{
	uint32_t count = reader_u32(r);
	struct schema_row *rows;

	if (count > ROWS_MAX || depth > DEPTH_MAX)
		reader_fail(r);
	rows = arena_alloc(arena, r->failed ? 1 : count + 1, sizeof *rows);
	for (uint32_t i = 0; i < count && !r->failed; i++)
		rows[i] = read_row(r, arena, depth);
	return rows;
}

enum sp_status
description_encode(const struct description *description, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_bool(&w, description->problem != NULL);
	writer_cstring(
	    &w, description->problem == NULL ? "" : description->problem);
	writer_cstring(
	    &w, description->serves == NULL ? "" : description->serves);
	writer_bool(&w, description->has_service);
	write_rows(&w, description->rows);
	return writer_finish(&w);
}

enum sp_status
description_decode(
    struct sp_view bytes, struct arena *arena, struct description *description)
{
	struct description got;
	enum sp_status status;
	bool has_problem;
	struct reader r;

	reader_init(&r, bytes);
	has_problem = reader_bool(&r);
	got.problem = arena_copy(arena, reader_string(&r));
	if (!has_problem)
		got.problem = NULL;
	got.serves = arena_copy(arena, reader_string(&r));
	got.has_service = reader_bool(&r);
	got.rows = read_rows(&r, arena, 0);
	status = reader_finish(&r);
	if (status == SP_OK)
		*description = got;
	return status;
}
