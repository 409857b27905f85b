/*
 * Values put into a setting's text:
 *
 *     %u  the user's name       %i  the identity authentication found
 *     %h  the home folder       %n  this machine's name
 *     %1 to %9  the arguments after the command           %%  a "%"
 */
#ifndef SP_CONFIG_EXPAND_H
#define SP_CONFIG_EXPAND_H

#include "daemon/config/arena.h"

/* Borrowed; NULL where there is none, and then its % is refused. */
struct expand_values {
	const char *user;
	const char *identity;
	const char *home;
	const char *host;
	struct string_list arguments;
};

enum expand_result {
	EXPAND_OK,
	EXPAND_UNKNOWN, /* a % that stands for nothing */
	EXPAND_REFUSED, /* a value that may not be put into a path */
	EXPAND_TOO_LONG,
};

/* NULL when the text can be expanded, else what is wrong with it. */
const char *expand_problem(const char *text);

/*
 * Writes the expanded text and a NUL into room (size bytes). A value that
 * is missing, empty, "." or "..", begins with "-", or holds a "/" or a
 * control character is refused; the home folder must begin with "/" and
 * hold no control character. On failure room holds "".
 */
enum expand_result expand_text(
    const char *text, const struct expand_values *, char *room, size_t size);

#endif
