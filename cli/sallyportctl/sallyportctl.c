/*
 * sallyportctl: changes what a running daemon reads.
 *
 *	sallyportctl keydb add|del|import|list FILE ...
 *	sallyportctl user add|del|list|passwd|key FILE ...
 *
 * Runs as: who owns the file, mostly root. May see and do: what he may. It
 * opens and changes that one file, asks nobody, and ends.
 */
#include "cli/sallyportctl/keydbcommand.h"
#include "cli/sallyportctl/usercommand.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 64 };

static const struct {
	const char *name;
	const char *help;
	int (*run)(int argc, char *const argv[]);
} commands[] = {
	{ "keydb", keydbcommand_help, keydbcommand_run },
	{ "user", usercommand_help, usercommand_run },
};

static const size_t command_count = sizeof commands / sizeof commands[0];

static void
show_help(FILE *out)
{
	fputs("usage: sallyportctl COMMAND ...\n", out);
	for (size_t i = 0; i < command_count; i++)
		fputs(commands[i].help, out);
	fputs("  --version | --help\n", out);
}

int
main(int argc, char *argv[])
{
	const char *name = argc < 2 ? "" : argv[1];

	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	}
	if (strcmp(name, "--version") == 0) {
		puts("sallyportctl " SP_VERSION);
		return 0;
	}
	if (strcmp(name, "--help") == 0) {
		show_help(stdout);
		return 0;
	}
	show_help(stderr);
	return EXIT_USAGE;
}
