/* Memory that is given out piece by piece and freed as a whole. */
#include "daemon/config/arena.h"

#include "daemon/log/log.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_SIZE = 4000 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

static _Noreturn void
die(void)
{
	static const char reason[] = "out of memory for the configuration";

	fprintf(stderr, "sallyport: %s\n", reason);
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(log_text(FIELD_ROLE, program_invocation_short_name),
		log_text(FIELD_REASON, reason)));
	_exit(EXIT_FAILURE);
}

void
arena_init(struct arena *arena)
{
	arena->blocks = NULL;
}

void
arena_clear(struct arena *arena)
{
	struct arena_block *block;

	while ((block = arena->blocks) != NULL) {
		arena->blocks = block->next;
		OPENSSL_cleanse(block->bytes, block->used);
		free(block);
	}
}

/* NULL without memory. */
static struct arena_block *
add_block(struct arena *arena, size_t need)
{
	size_t size = need > BLOCK_SIZE ? need : BLOCK_SIZE;
	struct arena_block *block;

	if (size > SIZE_MAX - sizeof *block)
		return NULL;
	block = calloc(1, sizeof *block + size);
	if (block == NULL)
		return NULL;
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

bool
arena_reserve(struct arena *arena, size_t size)
{
	return add_block(arena, size) != NULL;
}

void *
arena_alloc(struct arena *arena, size_t count, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	size_t need;
	void *room;

	if (size != 0 && count > (SIZE_MAX - align) / size)
		die();
	need = (count * size + align - 1) / align * align;
	if (block == NULL || block->size - block->used < need)
		block = add_block(arena, need);
	if (block == NULL)
		die();
	room = block->bytes + block->used;
	block->used += need;
	return room;
}

char *
arena_copy(struct arena *arena, struct sp_view text)
{
	char *copy;

	if (text.len == SIZE_MAX)
		die();
	copy = arena_alloc(arena, text.len + 1, 1);
	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	return copy;
}

char *
arena_string(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(arena_alloc(arena, size, 1), text, size);
}

char *
arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		die();
	text = arena_alloc(arena, (size_t)len + 1, 1);
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

/* Full at every power of two, so an array moves log(count) times. */
void *
arena_grow(struct arena *arena, void *array, size_t count, size_t size)
{
	void *grown;

	if (array != NULL && (count & (count - 1)) != 0)
		return array;
	if (array != NULL && count == 0)
		return array;
	grown = arena_alloc(arena, count == 0 ? 1 : count * 2, size);
	if (count > 0)
		memcpy(grown, array, count * size);
	return grown;
}
