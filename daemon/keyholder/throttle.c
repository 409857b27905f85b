/* Each taking moves the time when the burst is whole by one interval. */
#include "daemon/keyholder/throttle.h"

bool
throttle_take(struct throttle *throttle, uint64_t now)
{
	uint64_t full_at = throttle->full_at > now ? throttle->full_at : now;

	if (full_at - now > (THROTTLE_BURST - 1) * (uint64_t)THROTTLE_INTERVAL)
		return false;
	throttle->full_at = full_at + THROTTLE_INTERVAL;
	return true;
}
