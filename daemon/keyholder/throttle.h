/* How often a session may have something signed: 5 at once, then 1 in 10 s. */
#ifndef SP_KEYHOLDER_THROTTLE_H
#define SP_KEYHOLDER_THROTTLE_H

#include <sallyport/types.h>

enum { THROTTLE_BURST = 5, THROTTLE_INTERVAL = 10000 /* ms */ };

/* All zero: nothing taken yet. */
struct throttle {
	uint64_t full_at; /* when all of the burst is there again */
};

/* False, and nothing taken, when it is too often. */
bool throttle_take(struct throttle *, uint64_t now);

#endif
