/* The command that is run in place of whatever is asked for. */
#ifndef SP_SESSION_FORCEDCOMMAND_H
#define SP_SESSION_FORCEDCOMMAND_H

#include "daemon/config/settings.h"
#include "daemon/session/session.h"

/* With what is put in. */
enum { FORCEDCOMMAND_SIZE = RESTRICTION_VALUE_MAX + 1 };

/*
 * Writes the text with %u, %i, %h and %n replaced. A shell will read it,
 * so a value may hold letters, digits and "._@+,:-", and the home folder
 * "/": nothing that means more than itself in any shell, between quotes
 * or not, nor begin with "-". NULL when it is done, else what is wrong.
 */
SP_MUST_USE const char *forcedcommand_expand(const char *text,
    const struct session_facts *, char room[FORCEDCOMMAND_SIZE]);

/*
 * The same for the command that a login must run: the profile's (""
 * where it has none), which is expanded, or its restrictions', which is as
 * it is. Where there are both they must be the same.
 */
SP_MUST_USE const char *
forcedcommand_choose(const char *profiles, const struct restrictions *,
    const struct session_facts *, char room[FORCEDCOMMAND_SIZE]);

#endif
