/* Blowfish with the key schedule of bcrypt. */
#include "lib/crypto/blowfish.h"

enum { ROUNDS = 16 };

static uint32_t
mix(const struct blowfish *b, uint32_t x)
{
	return ((b->boxes[0][x >> 24] + b->boxes[1][x >> 16 & 0xff]) ^
		   b->boxes[2][x >> 8 & 0xff]) +
	    b->boxes[3][x & 0xff];
}

void
blowfish_encipher(const struct blowfish *b, uint32_t block[2])
{
	uint32_t left = block[0] ^ b->subkeys[0];
	uint32_t right = block[1];

	for (size_t i = 1; i <= ROUNDS; i += 2) {
		right ^= mix(b, left) ^ b->subkeys[i];
		left ^= mix(b, right) ^ b->subkeys[i + 1];
	}
	block[0] = right ^ b->subkeys[ROUNDS + 1];
	block[1] = left;
}

/* The next four bytes of a text that begins anew at its end. */
static uint32_t
next_word(struct sp_view text, size_t *at)
{
	uint32_t word = 0;

	for (size_t i = 0; i < 4; i++) {
		word = word << 8 | text.data[*at];
		*at = (*at + 1) % text.len;
	}
	return word;
}

/* Goes on with the chain of blocks, and puts it where words stood. */
static void
replace(struct blowfish *b, uint32_t *words, size_t count, struct sp_view salt,
    size_t *at, uint32_t block[2])
{
	for (size_t i = 0; i < count; i += 2) {
		if (salt.len > 0) {
			block[0] ^= next_word(salt, at);
			block[1] ^= next_word(salt, at);
		}
		blowfish_encipher(b, block);
		words[i] = block[0];
		words[i + 1] = block[1];
	}
}

void
blowfish_expand(struct blowfish *b, struct sp_view salt, struct sp_view key)
{
	uint32_t block[2] = { 0, 0 };
	size_t at = 0;

	for (size_t i = 0; i < BLOWFISH_SUBKEYS; i++)
		b->subkeys[i] ^= next_word(key, &at);
	at = 0;
	replace(b, b->subkeys, BLOWFISH_SUBKEYS, salt, &at, block);
	for (size_t i = 0; i < BLOWFISH_BOXES; i++)
		replace(b, b->boxes[i], BLOWFISH_BOX, salt, &at, block);
}
