/*
 * What a login may not do, though its profile would let it: said by the
 * modules that accepted, each for its own acceptance, and added up over
 * all of them. With it goes what they brought: variables.
 */
#ifndef SP_SESSION_RESTRICTION_H
#define SP_SESSION_RESTRICTION_H

#include "daemon/config/cidr.h"

enum restriction {
#define RESTRICTION(name, key, rule) RESTRICTION_##name,
#include "daemon/session/restriction.def"
#undef RESTRICTION
	RESTRICTIONS
};

/* Bytes of one value, of all lists of a key, and of all variables. */
enum { RESTRICTION_VALUE_MAX = 8192, RESTRICTION_VARIABLES_MAX = 65536 };
enum { RESTRICTION_VARIABLES = 128 };

/* A zeroed one is empty. */
struct restrictions {
	char *values[RESTRICTIONS]; /* NULL: none of its key */
	char *variables[RESTRICTION_VARIABLES + 1]; /* NULL behind the last */
	size_t variable_count;
	size_t variable_bytes;
};

void restriction_clear(struct restrictions *);

/*
 * Adds a restriction. NULL when it is done, else a phrase that says why
 * not: the key is unknown, the value impossible, or it contradicts what is
 * there. On failure nothing has changed.
 */
SP_MUST_USE const char *
restriction_add(struct restrictions *, const char *key, const char *value);

/* The same with a variable: two values of one name are a contradiction. */
SP_MUST_USE const char *restriction_set_variable(
    struct restrictions *, const char *name, const char *value);

/* Whether there is a variable of this name. */
bool restriction_has_variable(const struct restrictions *, const char *name);

/* Adds all of another; on failure the first may have some of it. */
SP_MUST_USE const char *
restriction_merge(struct restrictions *, const struct restrictions *added);

/* The key's value, "no" or lists; NULL where nothing was said. */
const char *restriction_value(const struct restrictions *, const char *key);

/* Of an AND: whether it is taken away. */
bool restriction_is_set(const struct restrictions *, enum restriction);

/* Of a LEAST: no more than this; 0 stands for no bound, on both sides. */
uint64_t restriction_narrow(
    const struct restrictions *, enum restriction, uint64_t bound);

/* What a NOW is checked against. */
struct restriction_moment {
	struct cidr_address peer;
	uint64_t seconds; /* since 1970 */
	bool is_probe; /* nothing was signed yet */
	bool is_verified; /* an authenticator says that it knew the user */
};

/* NULL where all hold, else a phrase that says which does not. */
SP_MUST_USE const char *restriction_check(
    const struct restrictions *, const struct restriction_moment *);

#endif
