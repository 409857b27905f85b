/*
 * Who has a file open, as far as sessions of a quota do: each of them holds a
 * shared lock of it (flock(2)), which goes with its descriptor. Who holds one
 * alone knows that nobody writes to the file or takes its name meanwhile and
 * counts that too.
 */
#ifndef SP_LOCAL_LEASE_H
#define SP_LOCAL_LEASE_H

#include "modules/local/localstore.h"
#include "modules/local/quota.h"

/* Waits for a moment; false with errno: the file may not be used then. */
SP_MUST_USE bool lease_share(int fd);

/* At once. What was shared may be so no more, also where it is false. */
SP_MUST_USE bool lease_alone(int fd);

/* A file that is about to lose a name: what that name leads to. */
struct lease_claim {
	int fd; /* held alone; -1: not */
	uint64_t names; /* it has so many */
};

void
lease_claim(struct lease_claim *, const struct sp_store *, const char *path);

/* What is gone since, and is nobody else's to give back. Ends the claim. */
struct quota_amount lease_settle(struct lease_claim *);

#endif
