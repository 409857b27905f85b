/*
 * sntrup761 is constant in time. The source is included: what becomes public
 * on the way is shown between its pieces.
 */
#include "lib/crypto/sntrup761.c"

#include "tests/unit/crypto/secrecy.h"

#include <assert.h>
#include <sallyport/key.h>

static uint8_t public_key[PUBLIC], secret_key[SECRET];
static uint8_t ciphertext[CIPHERTEXT], shared[KEM_SHARED_LEN];
static struct sp_crypto *crypto;

/*
 * Whether g has an inverse decides how often one is drawn, and nothing about
 * the one that is used.
 */
static void
check_generate(void)
{
	int8_t g[ROOM], inverse[ROOM], f[ROOM];
	uint32_t chance[P];
	int result;

	do {
		if (draw(chance) != SP_OK)
			assert(!"no random numbers");
		secrecy_hide(chance, sizeof chance);
		small_of(g, chance);
		result = sntrupring_invert_3(inverse, g);
		secrecy_show(&result, sizeof result);
	} while (result != 0);
	short_of(f, chance);
	write_pair(g, inverse, f, public_key, secret_key);
	secrecy_show(public_key, sizeof public_key);
}

static void
check_encapsulate(void)
{
	uint32_t chance[P];
	int8_t input[ROOM];

	if (draw(chance) != SP_OK)
		assert(!"no random numbers");
	secrecy_hide(chance, sizeof chance);
	short_of(input, chance);
	if (encapsulate_input(crypto, public_key, input, ciphertext, shared) !=
	    SP_OK)
		assert(!"any key will do");
	secrecy_show(ciphertext, sizeof ciphertext);
}

/* Of a ciphertext that is right, and of one that is not. */
static void
check_decapsulate(void)
{
	uint8_t *copy = secret_key + 2 * SMALL;

	memcpy(copy, public_key, PUBLIC);
	for (int i = 0; i < 2; i++) {
		secrecy_hide(secret_key, 2 * SMALL);
		secrecy_hide(copy + PUBLIC, SMALL);
		if (decapsulate(crypto, secret_key, ciphertext, shared) !=
		    SP_OK)
			assert(!"it never fails");
		ciphertext[i] ^= 1;
	}
}

static void
check(void)
{
	crypto = sp_crypto_new();
	assert(crypto != NULL);
	check_generate();
	check_encapsulate();
	check_decapsulate();
	sp_crypto_free(crypto);
}

int
main(void)
{
	return secrecy_run(check);
}
