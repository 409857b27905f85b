/* The key derivation of OpenSSH's private key files: bcrypt_pbkdf(3). */
#ifndef SP_CRYPTO_BCRYPTPBKDF_H
#define SP_CRYPTO_BCRYPTPBKDF_H

#include "lib/wire/view.h"

struct sp_crypto;

/*
 * Derives len bytes of out. One round costs about as much as 128 schedules
 * of Blowfish for each 32 bytes: the caller bounds rounds. SP_ERR_ARGUMENT
 * where passphrase, salt, rounds or len are nothing.
 */
SP_MUST_USE enum sp_status
bcryptpbkdf(const struct sp_crypto *, struct sp_view passphrase,
    struct sp_view salt, uint32_t rounds, uint8_t *out, size_t len);

#endif
