/* No steering on this system. */
#include "daemon/supervisor/steering.h"

#include <errno.h>

bool
steering_attach(int socket, uint32_t gates)
{
	(void)socket;
	(void)gates;
	errno = ENOSYS;
	return false;
}
