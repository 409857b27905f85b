/*
 * A session that an auth module opens and closes, in processes as those of a
 * login are: one that opens, waits and closes, and a child of it that leaves
 * when it is open, as the session would go on.
 */
#ifndef SP_MODTEST_SITTING_H
#define SP_MODTEST_SITTING_H

#include "cli/modtest/applicant.h"

/*
 * "OPENED identity=NAME", what was brought, taken away and told, and
 * "CLOSED"; or "REFUSED" and what was told. A module that opens none, and a
 * process that dies, are failures.
 */
void
sitting_run(const struct applicant_given *, const char *user, struct answer *);

#endif
