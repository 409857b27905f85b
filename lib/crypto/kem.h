/*
 * Key encapsulation: who has the public key makes a ciphertext and a shared
 * secret, who has the secret key gets it back. A ciphertext that is not
 * right leads to another secret, and to nothing else that could be seen.
 */
#ifndef SP_CRYPTO_KEM_H
#define SP_CRYPTO_KEM_H

#include "lib/wire/view.h"

struct sp_crypto;

enum { KEM_SHARED_LEN = 32 };

/* Buffers are the caller's, of exactly these lengths. */
struct kem {
	const char *name; /* "sntrup761" */
	size_t public_len;
	size_t secret_len;
	size_t ciphertext_len;
	enum sp_status (*generate)(
	    const struct sp_crypto *, uint8_t *public_key, uint8_t *secret_key);
	/* SP_ERR_KEX_VALUE for a public key that is none. */
	enum sp_status (*encapsulate)(const struct sp_crypto *,
	    const uint8_t *public_key, uint8_t *ciphertext,
	    uint8_t shared[KEM_SHARED_LEN]);
	enum sp_status (*decapsulate)(const struct sp_crypto *,
	    const uint8_t *secret_key, const uint8_t *ciphertext,
	    uint8_t shared[KEM_SHARED_LEN]);
};

extern const struct kem mlkem768_kem;
extern const struct kem sntrup761_kem;

#endif
