/*
 * How often a session may have something signed: 64 at once, then 20 a
 * second. Who asks for more waits. A client that rekeys every megabyte
 * must get through, and a session that somebody took over must not turn
 * the keyholder into a signing mill.
 */
#ifndef SP_KEYHOLDER_THROTTLE_H
#define SP_KEYHOLDER_THROTTLE_H

#include <sallyport/types.h>

enum { THROTTLE_BURST = 64, THROTTLE_INTERVAL = 50 /* ms */ };

/* All zero: nothing taken yet. */
struct throttle {
	uint64_t full_at; /* when all of the burst is there again */
};

/* 0 and one taken, or the ms to wait before one is there. */
uint64_t throttle_take(struct throttle *, uint64_t now);

#endif
