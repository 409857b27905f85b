/* Keys from the shared secret (RFC 4253 7.2), put to use at a NEWKEYS. */
#ifndef SP_TRANSPORT_KEYS_H
#define SP_TRANSPORT_KEYS_H

#include "lib/transport/transport.h"

/* What one direction needs from the exchange under way. */
SP_MUST_USE enum sp_status keys_derive(
    const struct transport *, enum cipher_direction, struct cipher_state **);

/*
 * Takes it into use in place of what was: the direction's counts start
 * again, under strict kex its sequence number too.
 */
void keys_use(const struct transport *, struct transport_direction *,
    struct cipher_state *);

#endif
