/*
 * Packet ciphers, one const struct each: they know the shape of a binary
 * packet (RFC 4253 6) and authenticate it, by themselves or with a MAC. All
 * work in place.
 *
 * A packet here is the 4 bytes of packet_length, that many bytes
 * (padding_length, payload, padding), and the tag.
 */
#ifndef SP_CRYPTO_CIPHER_H
#define SP_CRYPTO_CIPHER_H

#include "lib/crypto/algorithm.h"

struct mac;
struct sp_crypto;

enum { CIPHER_KEY_MAX = 64, CIPHER_IV_MAX = 16, CIPHER_TAG_MAX = 64 };

struct cipher {
	const char *name; /* as negotiated: "aes256-gcm@openssh.com" */
	enum algorithm_set set;
	size_t key_len;
	size_t iv_len; /* 0 where none is derived */
	size_t block_len;
	size_t tag_len; /* 0: the tag is a MAC's, which it needs */
	const struct cipher_ops *ops; /* cipher's own business */
};

/* By name as negotiated; NULL when there is none such. */
const struct cipher *cipher_find(struct sp_view name);

/* The table (see algorithm.h). */
const char *cipher_row(size_t index, enum algorithm_set *);

/* What protects one direction. mac is NULL where the cipher needs none. */
struct cipher_suite {
	const struct cipher *cipher;
	const struct mac *mac;
};

/* Of the lengths that cipher and MAC state; the last is empty without one. */
struct cipher_keys {
	struct sp_view key;
	struct sp_view iv;
	struct sp_view mac;
};

/* One direction of one connection: keys, and what counts packets. */
struct cipher_state;

enum cipher_direction { CIPHER_SEAL, CIPHER_OPEN };

/* crypto is borrowed for the life of the state; keys are copied. */
SP_MUST_USE enum sp_status
cipher_new(struct cipher_suite, const struct sp_crypto *crypto,
    enum cipher_direction, struct cipher_keys, struct cipher_state **state);
/* Wipes; NULL is allowed. */
void cipher_free(struct cipher_state *);

struct cipher_suite cipher_suite_of(const struct cipher_state *);

/*
 * What cipher_new() needs to make an equal state elsewhere: the keys, and
 * iv with its counter as it stands now. Borrowed from the state.
 */
struct cipher_keys cipher_keys_of(const struct cipher_state *);

size_t cipher_tag_len(const struct cipher_state *);

/*
 * How many bytes of a packet it takes to learn its length: the 4 of
 * packet_length, or the whole first block where that is sealed with it.
 * In the second case the length counts when blocks are filled up.
 */
size_t cipher_head_len(const struct cipher_state *);
bool cipher_has_length_inside(const struct cipher_state *);

/*
 * The packet_length of the packet whose first cipher_head_len() bytes these
 * are, not believed yet: only cipher_open() authenticates it.
 */
uint32_t
cipher_length(struct cipher_state *, uint32_t sequence, const uint8_t *bytes);

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
