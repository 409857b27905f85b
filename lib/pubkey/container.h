/*
 * OpenSSH's private key container, as its PROTOCOL.key describes it: the
 * public key, then a section that a passphrase may encrypt.
 */
#ifndef SP_PUBKEY_CONTAINER_H
#define SP_PUBKEY_CONTAINER_H

#include "lib/pubkey/pubkey.h"

/*
 * Reads a container, deciphering its section in place. passphrase may be
 * NULL; see sp_key_parse().
 */
SP_MUST_USE enum sp_status container_read(const struct sp_crypto *,
    uint8_t *bytes, size_t len, const char *passphrase, struct sp_key **key);

/* seal is NULL for a container that is not encrypted. */
SP_MUST_USE enum sp_status container_write(const struct sp_key *,
    const char *comment, const struct sp_key_seal *seal, struct buffer *out);

#endif
