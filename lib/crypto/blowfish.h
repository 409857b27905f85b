/* Blowfish with the key schedule of bcrypt, for bcryptpbkdf.c alone. */
#ifndef SP_CRYPTO_BLOWFISH_H
#define SP_CRYPTO_BLOWFISH_H

#include "lib/wire/view.h"

enum { BLOWFISH_SUBKEYS = 18, BLOWFISH_BOXES = 4, BLOWFISH_BOX = 256 };

struct blowfish {
	uint32_t subkeys[BLOWFISH_SUBKEYS];
	uint32_t boxes[BLOWFISH_BOXES][BLOWFISH_BOX];
};

/* What every state begins as a copy of. */
extern const struct blowfish blowfish_start;

/*
 * Mixes a key into the state. Salt, which goes through the cipher with it,
 * may be empty: that is Blowfish's own schedule. The key is not empty.
 */
void
blowfish_expand(struct blowfish *, struct sp_view salt, struct sp_view key);

/* Enciphers one block in place: its left and its right half. */
void blowfish_encipher(const struct blowfish *, uint32_t block[2]);

#endif
