/* A module's table of options, as rows that the configuration checks. */
#ifndef SP_MODLOAD_MODOPTIONS_H
#define SP_MODLOAD_MODOPTIONS_H

#include "daemon/config/schema.h"
#include "daemon/modload/modload.h"

/*
 * Rows that fill the module's own struct; they and what they point to
 * live in the arena or in the module. NULL with a sentence in problem when
 * the table is of a type that is not known here, or points outside the
 * struct.
 */
const struct schema_row *modoptions_rows(struct arena *,
    const struct modload_module *, char problem[MODLOAD_PROBLEM_SIZE]);

#endif
