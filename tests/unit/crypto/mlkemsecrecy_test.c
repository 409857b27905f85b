/*
 * ML-KEM-768 is constant in time. The source is included: what becomes
 * public on the way is shown between its pieces.
 */
#include "lib/crypto/mlkem768.c"

#include "tests/unit/crypto/secrecy.h"

#include <assert.h>

static uint8_t public_key[PUBLIC], secret_key[SECRET];
static uint8_t ciphertext[CIPHERTEXT], shared[KEM_SHARED_LEN];

/* The public key is hashed and sent, so it is shown once it is whole. */
static void
check_generate(void)
{
	uint8_t seed[SEED] = { 1 }, noise[SEED] = { 2 };

	secrecy_hide(noise, sizeof noise);
	make_pair(seed, noise, public_key, secret_key);
	secrecy_show(public_key, sizeof public_key);
	secrecy_show(secret_key, sizeof secret_key);
}

static void
check_encapsulate(void)
{
	uint8_t message[SEED] = { 3 };

	secrecy_hide(message, sizeof message);
	if (encapsulate_message(public_key, message, ciphertext, shared) !=
	    SP_OK)
		assert(!"the key is good");
	secrecy_show(ciphertext, sizeof ciphertext);
}

/* Of a ciphertext that is right, and of one that is not. */
static void
check_decapsulate(void)
{
	uint8_t *copy = secret_key + K * FULL;

	memcpy(copy, public_key, PUBLIC);
	keccak_sha3_256(
	    copy + PUBLIC, view_of(public_key, PUBLIC), view_of(NULL, 0));
	for (int i = 0; i < 2; i++) {
		secrecy_hide(secret_key, K * FULL);
		secrecy_hide(copy + PUBLIC + SEED, SEED);
		if (decapsulate(NULL, secret_key, ciphertext, shared) != SP_OK)
			assert(!"it never fails");
		ciphertext[i] ^= 1;
	}
}

static void
check(void)
{
	check_generate();
	check_encapsulate();
	check_decapsulate();
}

int
main(void)
{
	return secrecy_run(check);
}
