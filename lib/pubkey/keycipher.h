/* The ciphers of OpenSSH's private key files, by the names of RFC 4253. */
#ifndef SP_PUBKEY_KEYCIPHER_H
#define SP_PUBKEY_KEYCIPHER_H

#include "lib/wire/view.h"

struct sp_crypto;

enum { KEYCIPHER_SECRET_MAX = 64, KEYCIPHER_TAG_MAX = 16 };

struct keycipher {
	const char *name; /* "aes256-ctr" */
	const char *openssl_name; /* NULL: chacha20-poly1305@openssh.com */
	size_t key_len;
	size_t iv_len;
	size_t block_len; /* the section's length is a multiple of it */
	size_t tag_len; /* of what follows the section; 0 without one */
};

/* NULL when there is none such. */
const struct keycipher *keycipher_find(struct sp_view name);

/*
 * Both work in place on the section. secret is key and iv, one behind the
 * other; tag has tag_len bytes. SP_ERR_MAC where it is not the section's.
 */
SP_MUST_USE enum sp_status
keycipher_seal(const struct sp_crypto *, const struct keycipher *,
    const uint8_t *secret, uint8_t *section, size_t len, uint8_t *tag);
SP_MUST_USE enum sp_status
keycipher_open(const struct sp_crypto *, const struct keycipher *,
    const uint8_t *secret, uint8_t *section, size_t len, const uint8_t *tag);

#endif
