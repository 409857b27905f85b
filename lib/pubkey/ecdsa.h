/* ECDSA over the curves of NIST: RFC 5656 3. */
#ifndef SP_PUBKEY_ECDSA_H
#define SP_PUBKEY_ECDSA_H

#include "lib/wire/view.h"

struct pubkey_type;
extern const struct pubkey_type ecdsa_nistp256_type;
extern const struct pubkey_type ecdsa_nistp384_type;
extern const struct pubkey_type ecdsa_nistp521_type;

struct ecdsa_curve;
extern const struct ecdsa_curve ecdsa_nistp256;

/*
 * Verifies r and s, as RFC 5656 3.1.2 packs them, over data with the point
 * of a public key. SP_ERR_KEY_FORMAT where it is no point of the curve in
 * its uncompressed form.
 */
SP_MUST_USE enum sp_status
ecdsa_verify(const struct ecdsa_curve *, struct sp_view curve_name,
    struct sp_view point, struct sp_view data, struct sp_view signature);

#endif
