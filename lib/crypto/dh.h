/*
 * Diffie-Hellman modulo a prime (RFC 4253 8), in the groups of RFC 3526 or
 * in one that a server chose.
 */
#ifndef SP_CRYPTO_DH_H
#define SP_CRYPTO_DH_H

#include "lib/crypto/agreement.h"

#include <openssl/bn.h>

/* A prime of its own, or the bytes of one, which are borrowed. */
struct dh_group {
	size_t bits;
	BIGNUM *(*prime)(BIGNUM *); /* NULL: it is p */
	struct sp_view p;
	struct sp_view g;
};

/* The groups of RFC 3526 from 2048 bits on, by size; NULL past the last. */
const struct dh_group *dh_group_row(size_t index);

/* Appends its prime. */
SP_MUST_USE enum sp_status
dh_group_write_prime(const struct dh_group *, struct buffer *);

/*
 * A group as a peer gave it, borrowed: an odd number of at least min_bits
 * and at most max_bits that is the double, and one more, of another odd
 * one, neither of them with a small factor, and a generator between 1 and
 * p-1. Whether they are prime is the server's word, which it signs: to
 * test it takes longer than the exchange, and a server that lies could as
 * well tell everybody what is said. SP_ERR_KEX_VALUE for anything else.
 */
SP_MUST_USE enum sp_status dh_group_init(struct dh_group *, struct sp_view p,
    struct sp_view g, size_t min_bits, size_t max_bits);

/* The size of a number; 0 of one that is 0. */
size_t dh_bits(struct sp_view number);

/* The agreement in a group, which is borrowed. */
struct agreement dh_agreement_in(const struct dh_group *);

#endif
