/*
 * The options that the programs of this folder have in common, whichever
 * library each stands on; so this needs none.
 */
#ifndef INTEROP_INVOCATION_H
#define INTEROP_INVOCATION_H

#include <stddef.h>

enum { COMMANDLINE_FAILED = 255 };

/* NULL where it was not given. Lists are names with commas between. */
struct invocation {
	const char *port; /* -p; always there, of 127.0.0.1 */
	const char *user; /* -u */
	const char *key; /* -i: a private key file */
	const char *certificate; /* -C: a file with its certificate */
	const char *password; /* -w */
	const char *answer; /* -K: to every prompt */
	const char *kex; /* -k */
	const char *host_key; /* -h */
	const char *cipher; /* -c */
	const char *mac; /* -m */
	const char *compression; /* -z */
	const char *rekey_bytes; /* -r */
	const char *command; /* what stands behind all options */
};

/*
 * more: a program's own options, each with a value, for take() to keep.
 * Ends the program with its usage where an option is unknown or no port
 * is given.
 */
void
invocation_parse(struct invocation *, int argc, char **argv, const char *more,
    void (*take)(int letter, const char *value), const char *usage);

/* All of standard input, never freed. */
const char *invocation_input(size_t *len);

#endif
