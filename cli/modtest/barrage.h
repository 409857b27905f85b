/* Credentials and answers that nobody has made, for an auth module. */
#ifndef SP_MODTEST_BARRAGE_H
#define SP_MODTEST_BARRAGE_H

#include "cli/modtest/applicant.h"

/*
 * So many, of the methods that the module has, always the same for a seed:
 * "FUZZED 1000 seed=1 next=1000 ...". A verdict that is none, or a
 * descriptor that was left open, is a failure.
 */
void barrage_run(const struct applicant_given *, uint64_t count, uint64_t seed,
    struct answer *);

#endif
