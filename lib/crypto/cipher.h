/*
 * Packet ciphers, one const struct each: they know the shape of a binary
 * packet (RFC 4253 6) and authenticate it. All work in place.
 *
 * A packet here is the 4 bytes of packet_length, that many bytes
 * (padding_length, payload, padding), and the tag.
 */
#ifndef SP_CRYPTO_CIPHER_H
#define SP_CRYPTO_CIPHER_H

#include "lib/crypto/algorithm.h"

struct sp_crypto;

struct cipher {
	const char *name; /* as negotiated: "aes256-gcm@openssh.com" */
	enum algorithm_set set;
	size_t key_len;
	size_t iv_len; /* 0 where none is derived */
	size_t block_len; /* packet_length is a multiple of it */
	size_t tag_len;
	const struct cipher_ops *ops; /* cipher's own business */
};

/* By name as negotiated; NULL when there is none such. */
const struct cipher *cipher_find(struct sp_view name);

/* The table (see algorithm.h). */
const char *cipher_row(size_t index, enum algorithm_set *);

/* One direction of one connection: a key and what counts packets. */
struct cipher_state;

enum cipher_direction { CIPHER_SEAL, CIPHER_OPEN };

/*
 * crypto is borrowed for the life of the state; key and iv are copied and
 * have the lengths the cipher states.
 */
SP_MUST_USE enum sp_status cipher_new(const struct cipher *,
    const struct sp_crypto *crypto, enum cipher_direction, struct sp_view key,
    struct sp_view iv, struct cipher_state **state);
/* Wipes; NULL is allowed. */
void cipher_free(struct cipher_state *);

const struct cipher *cipher_of(const struct cipher_state *);

/*
 * What cipher_new() needs to make an equal state elsewhere: key, and iv
 * with its invocation counter as it stands now. Borrowed from the state.
 */
struct sp_view cipher_key(const struct cipher_state *);
struct sp_view cipher_iv(const struct cipher_state *);

/*
 * The packet_length of the packet whose first 4 bytes these are, not
 * believed yet: only cipher_open() authenticates it.
 */
uint32_t
cipher_length(struct cipher_state *, uint32_t sequence, const uint8_t bytes[4]);

/*
 * Checks the tag, then opens the packet in place: packet points at the 4
 * length bytes and 4 + length + tag_len bytes are there. SP_ERR_MAC
 * leaves the packet unspecified and the connection unusable.
 */
SP_MUST_USE enum sp_status cipher_open(
    struct cipher_state *, uint32_t sequence, uint8_t *packet, uint32_t length);

/* Writes length, seals in place and writes the tag behind. */
SP_MUST_USE enum sp_status cipher_seal(
    struct cipher_state *, uint32_t sequence, uint8_t *packet, uint32_t length);

#endif
