/*
 * A module's options as words of a command line, "name=value": what stands
 * in its group of the configuration, and is checked as that is.
 */
#ifndef SP_MODTEST_ASSIGNMENT_H
#define SP_MODTEST_ASSIGNMENT_H

#include "daemon/config/schema.h"

/*
 * A group with all of the words' options, in the arena. A value is written
 * as in the configuration, but that text needs no quotes. NULL, with the
 * mistakes told, where a word is none; whether the options fit the rows is
 * for schema_read() to say.
 */
struct tree_node *assignment_read(struct arena *, const struct schema_row *,
    char *const words[], size_t count, struct mistakes *);

#endif
