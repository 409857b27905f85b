/*
 * Groups for key exchange from a file as moduli(5) has it: a line each, of
 * when it was tested, type, tests and trials made, size, generator and
 * prime. The file must belong to whom configuration files do.
 */
#ifndef SP_CONFIG_MODULI_H
#define SP_CONFIG_MODULI_H

#include "daemon/config/mistake.h"
#include "daemon/config/settings.h"
#include "daemon/config/source.h"

/* Groups that are kept of one file: more make it no safer. */
enum { MODULI_GROUPS_MAX = 1024 };

/*
 * The groups of a file that a server gives (limits.h): safe primes that
 * were tested as such. Lines of other types and sizes, or with fewer tests,
 * are passed over. Each that is malformed is told, or has a number that
 * cannot be a safe prime (dh.h), a file that cannot be read at the place
 * that names it, and one without a group for us.
 */
struct group_list moduli_read(struct arena *, const char *path,
    struct source_line wanted_at, struct mistakes *);

/* The same of a text that is in memory; that there is none is not told. */
struct group_list moduli_of_text(
    struct arena *, const char *name, struct sp_view text, struct mistakes *);

#endif
