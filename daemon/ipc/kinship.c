/* One version, or none. */
#include "daemon/ipc/kinship.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

const char kinship_version[] = PACKAGE_VERSION;

void
kinship_require(const char *name)
{
	const char *version = getenv(KINSHIP_VARIABLE);

	prctl(PR_SET_NAME, name, 0, 0, 0);
	if (version == NULL || strcmp(version, kinship_version) != 0)
		_exit(KINSHIP_EXIT_STATUS);
}
