/* Keys from the shared secret (RFC 4253 7.2), put to use at a NEWKEYS. */
#ifndef SP_TRANSPORT_KEYS_H
#define SP_TRANSPORT_KEYS_H

#include "lib/transport/transport.h"

/* What one direction begins anew with. */
struct keys {
	struct cipher_state *cipher;
	struct zlibstream *zlib; /* NULL where nothing is compressed */
};

/* What one direction needs from the exchange under way. */
SP_MUST_USE enum sp_status
keys_derive(const struct transport *, enum cipher_direction, struct keys *);
void keys_free(struct keys *);

/*
 * Takes it into use in place of what was: the direction's counts start
 * again, under strict kex its sequence number too.
 */
void keys_use(const struct transport *, struct transport_direction *,
    const struct keys *);

/*
 * A stream of compressed packets, where it was agreed on and the user is
 * authenticated; else NULL. There must be none yet.
 */
SP_MUST_USE enum sp_status keys_compress(
    const struct transport *, enum cipher_direction, struct zlibstream **);

#endif
