/* Each byte moves the time when the burst is whole by its share of a second. */
#include "daemon/supervisor/allowance.h"

uint64_t
allowance_spend(struct allowance *allowance, size_t bytes, uint64_t now_ms)
{
	const uint64_t second = 1000000;
	const uint64_t most = ALLOWANCE_BURST * second / ALLOWANCE_RATE;
	uint64_t now = now_ms * 1000;
	uint64_t full_at = allowance->full_at > now ? allowance->full_at : now;

	full_at += (bytes + ALLOWANCE_RECORD) * second / ALLOWANCE_RATE;
	allowance->full_at = full_at;
	if (full_at - now <= most)
		return 0;
	return (full_at - now - most) / 1000 + 1;
}
