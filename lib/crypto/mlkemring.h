/*
 * ML-KEM's ring (FIPS 203 2.4.4): 256 coefficients from 0 to 3328, plain or
 * in NTT form. Nothing here branches on a coefficient, takes one for an
 * index, or divides one.
 */
#ifndef SP_CRYPTO_MLKEMRING_H
#define SP_CRYPTO_MLKEMRING_H

#include <stdbool.h>
#include <stdint.h>

enum { MLKEMRING_N = 256, MLKEMRING_Q = 3329 };

struct mlkemring {
	uint16_t at[MLKEMRING_N];
};

void mlkemring_add(struct mlkemring *, const struct mlkemring *);
void mlkemring_subtract(struct mlkemring *, const struct mlkemring *);

/* Algorithms 9 and 10. */
void mlkemring_ntt(struct mlkemring *);
void mlkemring_inverse_ntt(struct mlkemring *);
/* sum += a * b, all in NTT form (algorithm 11). */
void mlkemring_multiply_add(struct mlkemring *sum, const struct mlkemring *a,
    const struct mlkemring *b);

/* Coefficients by chance: from any seed, small ones (algorithm 8, eta 2). */
void mlkemring_small(struct mlkemring *, const uint8_t bytes[128]);

/*
 * Bytes of coefficients of bits bits each, 32 * bits of them; below 12 bits
 * they are compressed (4.2.1). Reading 12 bits is false where a coefficient
 * is not below q.
 */
void mlkemring_write(uint8_t *bytes, const struct mlkemring *, unsigned bits);
bool mlkemring_read(struct mlkemring *, const uint8_t *bytes, unsigned bits);

#endif
