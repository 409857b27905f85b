/*
 * Somebody who wants to be let in, for an auth module: it is asked as a
 * login would ask it, with the same functions to call, but without a
 * connection, and in this process.
 */
#ifndef SP_MODTEST_APPLICANT_H
#define SP_MODTEST_APPLICANT_H

#include "cli/modtest/answer.h"
#include "daemon/modload/modgroup.h"

#include <sallyport/key.h>

struct applicant_given {
	const struct sp_crypto *crypto;
	const struct modgroup *group; /* an auth module */
};

/*
 * A public key, as in a file of ssh-keygen's. "ALLOW identity=NAME", or the
 * verdict alone. With probe the host would not have seen a signature.
 */
void applicant_offer_key(const struct applicant_given *, const char *user,
    const char *file, bool probe, struct answer *);

/*
 * So many credentials that nobody has made, always the same for a seed:
 * "FUZZED 1000 seed=1 next=1000 ...". A verdict that is none, or a
 * descriptor that was left open, is a failure.
 */
void applicant_fuzz(const struct applicant_given *, uint64_t count,
    uint64_t seed, struct answer *);

#endif
