/*
 * The mistakes of a configuration, collected so that one run reports them
 * all: "file:line: setting: what is wrong, what was expected".
 */
#ifndef SP_CONFIG_MISTAKE_H
#define SP_CONFIG_MISTAKE_H

#include "daemon/config/arena.h"

#include <stdio.h>

struct mistake {
	const char *file; /* where; line 0 for the whole file */
	unsigned line;
	const char *text;
	size_t order; /* in which it was found */
};

struct mistakes {
	struct arena arena;
	struct mistake *items;
	size_t count;
};

void mistake_init(struct mistakes *);
void mistake_clear(struct mistakes *);

__attribute__((format(printf, 4, 5))) void mistake_add(struct mistakes *,
    const char *file, unsigned line, const char *format, ...);

/* One a line, in the order of the files and their lines. */
void mistake_print(struct mistakes *, FILE *);

#endif
