/*
 * How Streamlined NTRU Prime writes polynomials down: as numbers of mixed
 * radix, two at a time, and small ones four to a byte. What is encoded may
 * be secret; moduli never are.
 */
#ifndef SP_CRYPTO_SNTRUPCODE_H
#define SP_CRYPTO_SNTRUPCODE_H

#include <stdint.h>

enum {
	SNTRUPCODE_SMALL = 191, /* bytes of a polynomial modulo 3 */
	SNTRUPCODE_FULL = 1158, /* modulo q */
	SNTRUPCODE_ROUNDED = 1007, /* modulo q, of multiples of 3 */
};

/* Arrays have SNTRUPRING_ROOM places (sntrupring.h). */
void sntrupcode_write_small(uint8_t *bytes, const int8_t *small);
void sntrupcode_read_small(int8_t *small, const uint8_t *bytes);
void sntrupcode_write_full(uint8_t *bytes, const int16_t *full);
void sntrupcode_read_full(int16_t *full, const uint8_t *bytes);
void sntrupcode_write_rounded(uint8_t *bytes, const int16_t *rounded);
void sntrupcode_read_rounded(int16_t *rounded, const uint8_t *bytes);

#endif
