/* The variables that a client sets on a channel, as "NAME=value". */
#ifndef SP_SESSION_ENVIRONMENT_H
#define SP_SESSION_ENVIRONMENT_H

#include "daemon/config/settings.h"

enum { ENVIRONMENT_MAX = 128, ENVIRONMENT_BYTES_MAX = 65536 };

struct environment {
	char *variables[ENVIRONMENT_MAX + 1]; /* ends with NULL */
	size_t count;
	size_t bytes;
};

void environment_clear(struct environment *);

/*
 * Sets a variable, or sets it anew. False, with nothing changed, when no
 * pattern of names lets it through, it is no variable, there is no room,
 * or it is one by which only the daemon speaks, such as SSH_CLIENT.
 */
SP_MUST_USE bool
environment_set(struct environment *, const struct string_list *patterns,
    struct sp_view name, struct sp_view value);

#endif
