/* Each taking moves the time when the burst is whole by one interval. */
#include "daemon/keyholder/throttle.h"

uint64_t
throttle_take(struct throttle *throttle, uint64_t now)
{
	const uint64_t most =
	    (THROTTLE_BURST - 1) * (uint64_t)THROTTLE_INTERVAL;
	uint64_t full_at = throttle->full_at > now ? throttle->full_at : now;

	if (full_at - now > most)
		return full_at - now - most;
	throttle->full_at = full_at + THROTTLE_INTERVAL;
	return 0;
}
