/*
 * ML-KEM-768: answers accumulated over random inputs, as Go's tests have
 * them, keys and ciphertexts that are not right. The source is included: no
 * caller may choose what is random.
 */
#include "lib/crypto/mlkem768.c"

#include "tests/unit/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct answer {
	uint8_t public_key[PUBLIC];
	uint8_t secret_key[SECRET];
	uint8_t ciphertext[CIPHERTEXT];
	uint8_t shared[KEM_SHARED_LEN];
};

static void
decapsulate_into(const struct answer *a, uint8_t shared[KEM_SHARED_LEN])
{
	assert_int_equal(mlkem768_kem.decapsulate(
			     NULL, a->secret_key, a->ciphertext, shared),
	    SP_OK);
}

/*
 * All inputs come from one SHAKE128, all outputs go into another: keys,
 * ciphertexts, secrets, and the secret of a ciphertext by chance.
 */
static void
accumulated_answers_come_out(void **state)
{
	const char *expected = "1114b1b6699ed191734fa339376afa7e"
			       "285c9e6acf6ff0177d346696ce564415";
	uint8_t digest[32], wanted[32];
	struct keccak inputs, outputs;

	(void)state;
	keccak_init(&inputs, KECCAK_SHAKE128);
	keccak_finish(&inputs);
	keccak_init(&outputs, KECCAK_SHAKE128);
	for (int i = 0; i < 100; i++) {
		uint8_t seeds[3 * SEED], shared[KEM_SHARED_LEN];
		struct answer a;

		keccak_squeeze(&inputs, seeds, sizeof seeds);
		generate_from(seeds, seeds + SEED, a.public_key, a.secret_key);
		assert_int_equal(encapsulate_message(a.public_key,
				     seeds + 2 * SEED, a.ciphertext, a.shared),
		    SP_OK);
		decapsulate_into(&a, shared);
		assert_memory_equal(shared, a.shared, KEM_SHARED_LEN);
		keccak_absorb(&outputs, view_of(a.public_key, PUBLIC));
		keccak_absorb(&outputs, view_of(a.ciphertext, CIPHERTEXT));
		keccak_absorb(&outputs, view_of(a.shared, KEM_SHARED_LEN));
		keccak_squeeze(&inputs, a.ciphertext, CIPHERTEXT);
		decapsulate_into(&a, shared);
		keccak_absorb(&outputs, view_of(shared, KEM_SHARED_LEN));
	}
	keccak_finish(&outputs);
	keccak_squeeze(&outputs, digest, sizeof digest);
	hex_bytes(expected, wanted);
	assert_memory_equal(digest, wanted, sizeof wanted);
}

static void
make_any(struct answer *a)
{
	assert_int_equal(
	    mlkem768_kem.generate(NULL, a->public_key, a->secret_key), SP_OK);
	assert_int_equal(mlkem768_kem.encapsulate(
			     NULL, a->public_key, a->ciphertext, a->shared),
	    SP_OK);
}

static void
a_changed_ciphertext_gives_another_secret(void **state)
{
	uint8_t shared[KEM_SHARED_LEN], again[KEM_SHARED_LEN];
	struct answer a;

	(void)state;
	make_any(&a);
	for (int at = 0; at < CIPHERTEXT; at += 31) {
		a.ciphertext[at] ^= 1;
		decapsulate_into(&a, shared);
		decapsulate_into(&a, again);
		assert_memory_not_equal(shared, a.shared, KEM_SHARED_LEN);
		assert_memory_equal(shared, again, KEM_SHARED_LEN);
		a.ciphertext[at] ^= 1;
	}
	decapsulate_into(&a, shared);
	assert_memory_equal(shared, a.shared, KEM_SHARED_LEN);
}

/* A coefficient is 12 bits, and below q in every place of the key. */
static void
a_key_with_a_coefficient_past_the_modulus_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * 256; i++) {
		struct answer a;
		uint8_t *at = a.public_key + 3 * (i / 2);
		unsigned value = MLKEMRING_Q + (unsigned)i;

		if (i % 64 != 0 && i != 767)
			continue;
		make_any(&a);
		for (int less = 1; less >= 0; less--) {
			if (less == 1)
				value = MLKEMRING_Q - 1;
			if (i % 2 == 0) {
				at[0] = (uint8_t)value;
				at[1] = (uint8_t)((at[1] & 0xf0) | value >> 8);
			} else {
				at[1] = (uint8_t)((at[1] & 0x0f) | value << 4);
				at[2] = (uint8_t)(value >> 4);
			}
			assert_int_equal(
			    mlkem768_kem.encapsulate(
				NULL, a.public_key, a.ciphertext, a.shared),
			    less == 1 ? SP_OK : SP_ERR_KEX_VALUE);
			value = MLKEMRING_Q + (unsigned)i % 700;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accumulated_answers_come_out),
		cmocka_unit_test(a_changed_ciphertext_gives_another_secret),
		cmocka_unit_test(
		    a_key_with_a_coefficient_past_the_modulus_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
