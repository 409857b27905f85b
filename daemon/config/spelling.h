/* What somebody meant who misspelt a name. */
#ifndef SP_CONFIG_SPELLING_H
#define SP_CONFIG_SPELLING_H

#include <sallyport/types.h>

/* The nearest known name so far; begin with { .word = what was written }. */
struct spelling {
	const char *word;
	const char *nearest; /* NULL while none is near */
	size_t distance;
};

/* Compares one known name; it is borrowed. */
void spelling_offer(struct spelling *, const char *known);

/* Room for spelling_hint(). */
enum { SPELLING_HINT_SIZE = 96 };

/* " (did you mean "NAME"?)", or "" when no known name is near. */
void spelling_hint(const struct spelling *, char hint[SPELLING_HINT_SIZE]);

#endif
