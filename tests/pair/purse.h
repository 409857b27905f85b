/*
 * What one engine of a pair has allocated, and OpenSSL for it: now, and at
 * most. Stands on alloc_meter.h, whose rules hold.
 */
#ifndef SP_TESTS_PURSE_H
#define SP_TESTS_PURSE_H

#include "tests/pair/pair.h"

/*
 * Counts for this side of the pair from here on, which has been initialised
 * and not started. One purse at a time.
 */
void purse_open(struct pair *, enum sp_role side);

size_t purse_held(void);
size_t purse_most(void);

/* Around calls of the engine that the test makes itself. */
void purse_begin(void);
void purse_end(void);

#endif
