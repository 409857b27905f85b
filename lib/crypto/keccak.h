/* The sponge of FIPS 202: SHA3-256, SHA3-512, SHAKE128 and SHAKE256. */
#ifndef SP_CRYPTO_KECCAK_H
#define SP_CRYPTO_KECCAK_H

#include "lib/wire/view.h"

struct keccak {
	uint64_t lanes[25];
	size_t rate; /* bytes absorbed or squeezed at a time */
	size_t at; /* the next one */
};

enum { KECCAK_SHAKE128 = 168, KECCAK_SHAKE256 = 136 }; /* rates */

/* A SHAKE: init, absorb, finish, and squeeze, in this order. */
void keccak_init(struct keccak *, size_t rate);
void keccak_absorb(struct keccak *, struct sp_view);
void keccak_finish(struct keccak *);
void keccak_squeeze(struct keccak *, uint8_t *out, size_t len);
void keccak_clear(struct keccak *);

/* Hashes of two pieces; each wipes what it used. */
void
keccak_sha3_256(uint8_t out[32], struct sp_view first, struct sp_view second);
void
keccak_sha3_512(uint8_t out[64], struct sp_view first, struct sp_view second);
void keccak_shake256(
    uint8_t *out, size_t len, struct sp_view first, struct sp_view second);

#endif
