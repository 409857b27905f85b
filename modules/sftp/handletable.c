/* Handles: a place and a count, as two big-endian numbers. */
#include "modules/sftp/handletable.h"

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <stdlib.h>

enum { STEP = 16 };

void
handletable_init(struct handletable *table, size_t max)
{
	*table = (struct handletable){ .max = max };
}

void
handletable_clear(struct handletable *table)
{
	free(table->entries);
	*table = (struct handletable){ .max = table->max };
}

bool
handletable_is_full(const struct handletable *table)
{
	return table->used >= table->max;
}

/* The place of one that is free; the table's size when there is none. */
static size_t
find_free(struct handletable *table)
{
	struct handletable_entry *more;
	size_t size = table->size + STEP, i = 0;

	while (i < table->size && table->entries[i].file != NULL)
		i++;
	if (i < table->size)
		return i;
	more = realloc(table->entries, size * sizeof *more);
	if (more == NULL)
		return table->size;
	for (size_t n = table->size; n < size; n++)
		more[n] = (struct handletable_entry){ .file = NULL };
	table->entries = more;
	table->size = size;
	return i;
}

bool
handletable_add(struct handletable *table, struct sp_file *file, uint32_t flags,
    bool is_folder, uint8_t handle[HANDLETABLE_HANDLE])
{
	struct handletable_entry *entry;
	size_t i;

	if (handletable_is_full(table))
		return false;
	i = find_free(table);
	if (i == table->size)
		return false;
	entry = &table->entries[i];
	entry->file = file;
	entry->flags = flags;
	entry->is_folder = is_folder;
	entry->use++;
	table->used++;
	writer_put_u32(writer_put_u32(handle, (uint32_t)i), entry->use);
	return true;
}

struct handletable_entry *
handletable_find(
    struct handletable *table, struct sp_view handle, bool is_folder)
{
	struct handletable_entry *entry;
	struct reader r;
	uint32_t i, use;

	reader_init(&r, handle);
	i = reader_u32(&r);
	use = reader_u32(&r);
	if (reader_finish(&r) != SP_OK || i >= table->size)
		return NULL;
	entry = &table->entries[i];
	if (entry->file == NULL || entry->use != use ||
	    entry->is_folder != is_folder)
		return NULL;
	return entry;
}

void
handletable_remove(struct handletable *table, struct handletable_entry *entry)
{
	entry->file = NULL;
	table->used--;
}
