/*
 * An arena owns everything that one reading of the configuration makes,
 * and frees it at once. Out of memory ends the process: nothing that
 * reads a configuration can do its work without it. Who has other work
 * makes sure that there is enough first.
 */
#ifndef SP_CONFIG_ARENA_H
#define SP_CONFIG_ARENA_H

#include <sallyport/types.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

/* Strings of an arena. */
struct string_list {
	const char *const *items;
	size_t count;
};

void arena_init(struct arena *);
/* Wipes and frees all that was ever given out; may be used again. */
void arena_clear(struct arena *);

/* So many bytes will be there for what comes next; false without memory. */
SP_MUST_USE bool arena_reserve(struct arena *, size_t size);

/* Zeroed room for count objects of a size, aligned for any type. */
void *arena_alloc(struct arena *, size_t count, size_t size);
char *arena_copy(struct arena *, struct sp_view);
char *arena_string(struct arena *, const char *);
__attribute__((format(printf, 2, 3))) char *
arena_format(struct arena *, const char *format, ...);

/*
 * Makes room for one more object at the end of an array of count objects
 * made by arena_grow(): returns the array, moved when it had to grow.
 */
void *arena_grow(struct arena *, void *array, size_t count, size_t size);

#endif
