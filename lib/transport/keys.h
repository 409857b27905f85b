/* Keys from the shared secret (RFC 4253 7.2), put to use at a NEWKEYS. */
#ifndef SP_TRANSPORT_KEYS_H
#define SP_TRANSPORT_KEYS_H

#include "lib/transport/transport.h"

/*
 * Derives what one direction needs from the exchange under way, replaces
 * its cipher and starts its counts again; under strict kex its sequence
 * number too.
 */
SP_MUST_USE enum sp_status keys_renew(
    struct transport *, struct transport_direction *, enum cipher_direction);

#endif
