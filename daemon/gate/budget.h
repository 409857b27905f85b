/*
 * The budget: how much computing each source of strangers has had. Key
 * exchanges are paid for before they begin; who has overdrawn waits, and
 * nobody else does for him. Sources are those of origin.h.
 */
#ifndef SP_GATE_BUDGET_H
#define SP_GATE_BUDGET_H

#include "daemon/config/cidr.h"

enum {
	BUDGET_BURST_US = 1000000, /* of computing, at once */
	BUDGET_SHARE = 4, /* after it a source has one part in so many */
};

struct budget;

/*
 * Without debts; a secret seed keeps strangers from choosing addresses
 * that collide. NULL without memory.
 */
struct budget *budget_new(uint64_t seed);
/* NULL is allowed. */
void budget_free(struct budget *);

/*
 * From now on a source has one part in so many of what it may have: the
 * rest may be charged to it by other gates.
 */
void budget_share(struct budget *, uint32_t gates);

/*
 * 0 and so many microseconds of computing are charged; or the milliseconds
 * to wait before asking again. now: ms, monotonic.
 */
uint64_t budget_take(struct budget *, const struct cidr_address *,
    uint32_t cost_us, uint64_t now);

#endif
