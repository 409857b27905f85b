/* What a packet cipher gives to cipher.c: its operations and its state. */
#ifndef SP_CRYPTO_CIPHER_OPS_H
#define SP_CRYPTO_CIPHER_OPS_H

#include "lib/crypto/cipher.h"

enum { CIPHER_LENGTH_SIZE = 4 };

/* The first member of every cipher's own state. */
struct cipher_state {
	struct cipher_suite suite;
	uint8_t key[CIPHER_KEY_MAX];
	uint8_t iv[CIPHER_IV_MAX]; /* as it is for the next packet */
	uint8_t mac_key[CIPHER_KEY_MAX];
};

struct cipher_ops {
	size_t state_size;
	/*
	 * Suite and keys are in the zeroed state already. Whatever init leaves
	 * behind, failed or not, is released by clear.
	 */
	enum sp_status (*init)(struct cipher_state *, const struct sp_crypto *,
	    enum cipher_direction);
	void (*clear)(struct cipher_state *);
	/* The three as cipher.h describes them. */
	uint32_t (*length)(
	    struct cipher_state *, uint32_t sequence, const uint8_t *bytes);
	enum sp_status (*open)(struct cipher_state *, uint32_t sequence,
	    uint8_t *packet, uint32_t length);
	enum sp_status (*seal)(struct cipher_state *, uint32_t sequence,
	    uint8_t *packet, uint32_t length);
};

static inline uint32_t
cipher_get_u32(const uint8_t bytes[CIPHER_LENGTH_SIZE])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	    (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void
cipher_put_u32(uint8_t bytes[CIPHER_LENGTH_SIZE], uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 24);
	bytes[1] = (uint8_t)(value >> 16);
	bytes[2] = (uint8_t)(value >> 8);
	bytes[3] = (uint8_t)value;
}

#endif
