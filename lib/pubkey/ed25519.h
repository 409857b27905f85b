/* ssh-ed25519: RFC 8709 on the wire, RFC 8032 inside. */
#ifndef SP_PUBKEY_ED25519_H
#define SP_PUBKEY_ED25519_H

#include "lib/wire/view.h"

struct pubkey_type;
extern const struct pubkey_type ed25519_type;

/*
 * SP_ERR_KEY_FORMAT where point is no public key: of another length, of
 * small order, or encoded in a second way.
 */
SP_MUST_USE enum sp_status ed25519_verify(
    struct sp_view point, struct sp_view data, struct sp_view signature);

#endif
