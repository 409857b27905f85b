/* Where there was no LMDB when this was built. */
#include "cli/sallyportctl/keydbcommand.h"

#include <stdio.h>
#include <stdlib.h>

const char keydbcommand_help[] = "";

int
keydbcommand_run(int argc, char *const argv[])
{
	(void)argc;
	(void)argv;
	fputs("sallyportctl keydb: this build has no LMDB\n", stderr);
	return EXIT_FAILURE;
}
