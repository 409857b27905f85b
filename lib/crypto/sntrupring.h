/*
 * The rings of Streamlined NTRU Prime with p = 761 and q = 4591: polynomials
 * modulo x^p - x - 1 with coefficients modulo q, from -(q-1)/2 to (q-1)/2,
 * or modulo 3, from -1 to 1. Nothing here branches on a coefficient or
 * takes one for an index.
 *
 * Arrays have SNTRUPRING_ROOM places; those from p on are 0.
 */
#ifndef SP_CRYPTO_SNTRUPRING_H
#define SP_CRYPTO_SNTRUPRING_H

#include <stdint.h>

enum {
	SNTRUPRING_P = 761,
	SNTRUPRING_Q = 4591,
	SNTRUPRING_HALF = (SNTRUPRING_Q - 1) / 2,
	SNTRUPRING_ROOM = 768, /* a whole number of vectors */
};

/* The representatives of a number below 2^24, and below 2^16, or above -. */
int16_t sntrupring_mod_q(int32_t);
int8_t sntrupring_mod_3(int32_t);

/* product = a * b modulo q, and modulo 3. */
void sntrupring_multiply_q(int16_t *product, const int16_t *a, const int8_t *b);
void sntrupring_multiply_3(int8_t *product, const int8_t *a, const int8_t *b);

/* 1/a modulo 3; what it returns is 0, or -1 where there is no such. */
int sntrupring_invert_3(int8_t *inverse, const int8_t *a);
/* 1/(3a) modulo q, where a is not 0. */
void sntrupring_invert_3a_q(int16_t *inverse, const int8_t *a);

#endif
