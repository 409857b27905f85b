/*
 * A key with a certificate, or without one: what is true of it whoever
 * trusts its authority. That a certificate restricts is never left to a
 * module.
 */
#ifndef SP_LOGIN_CERTIFIED_H
#define SP_LOGIN_CERTIFIED_H

#include "daemon/session/restriction.h"
#include "lib/limits.h"

#include <sallyport/key.h>

struct certified {
	struct sp_view key; /* the plain key's blob */
	const char *algorithm; /* what it signs with */
	bool is_one;
	struct sp_certificate certificate; /* where it is one */
	uint8_t *plain; /* there, the plain key's blob; of malloc */
	char name[LIMIT_METHOD + 1];
};

/*
 * Reads a key as a client offers it; borrows the blob. False for a
 * certificate that is malformed, is not of the kind (SP_CERTIFICATE_USER or
 * SP_CERTIFICATE_HOST), or was not signed by the authority it names; then
 * all of it is empty.
 */
SP_MUST_USE bool certified_read(struct certified *, const struct sp_crypto *,
    struct sp_view algorithm, struct sp_view blob, uint32_t kind);

void certified_clear(struct certified *);

/*
 * Adds what a certificate demands: its time, its critical options, and
 * what none of its extensions permits; a host's has no options, and takes
 * nothing from its users. NULL, or why it cannot be accepted: an option
 * that is not known among them.
 */
SP_MUST_USE const char *certified_restrict(
    const struct sp_certificate *, uint64_t seconds, struct restrictions *);

/* Whether it lets its authenticator sign with nobody there. */
bool certified_may_be_untouched(const struct sp_certificate *);

#endif
