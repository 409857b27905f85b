/* Where there was no crypt.h when this was built. */
#include "cli/sallyportctl/usercommand.h"

#include <stdio.h>
#include <stdlib.h>

const char usercommand_help[] = "";

int
usercommand_run(int argc, char *const argv[])
{
	(void)argc;
	(void)argv;
	fputs("sallyportctl user: this build has no libcrypt\n", stderr);
	return EXIT_FAILURE;
}
