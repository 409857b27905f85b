/*
 * The ML-KEM-768 that was built in, OpenSSL's or our own, and our own beside
 * it: each opens what the other made, and both reject alike.
 */
#include "lib/crypto/kem.h"

/* Our own under another name. */
#define mlkem768_kem own_kem
extern const struct kem own_kem;
#include "lib/crypto/mlkem768.c"
#undef mlkem768_kem

#include "tests/unit/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 100 };

struct answer {
	uint8_t public_key[PUBLIC];
	uint8_t secret_key[SECRET];
	uint8_t ciphertext[CIPHERTEXT];
	uint8_t shared[KEM_SHARED_LEN];
};

static void
both_have_the_same_lengths(void **state)
{
	(void)state;
	assert_int_equal(mlkem768_kem.public_len, own_kem.public_len);
	assert_int_equal(mlkem768_kem.secret_len, own_kem.secret_len);
	assert_int_equal(mlkem768_kem.ciphertext_len, own_kem.ciphertext_len);
}

/* The answers that mlkem768_test has, of what is built in. */
static void
accumulated_answers_are_opened(void **state)
{
	const char *expected = "1114b1b6699ed191734fa339376afa7e"
			       "285c9e6acf6ff0177d346696ce564415";
	uint8_t digest[32], wanted[32];
	struct keccak inputs, outputs;

	(void)state;
	keccak_init(&inputs, KECCAK_SHAKE128);
	keccak_finish(&inputs);
	keccak_init(&outputs, KECCAK_SHAKE128);
	for (int i = 0; i < ROUNDS; i++) {
		uint8_t seeds[3 * SEED], shared[KEM_SHARED_LEN];
		struct answer a;

		keccak_squeeze(&inputs, seeds, sizeof seeds);
		generate_from(seeds, seeds + SEED, a.public_key, a.secret_key);
		assert_int_equal(encapsulate_message(a.public_key,
				     seeds + 2 * SEED, a.ciphertext, a.shared),
		    SP_OK);
		keccak_absorb(&outputs, view_of(a.public_key, PUBLIC));
		keccak_absorb(&outputs, view_of(a.ciphertext, CIPHERTEXT));
		assert_int_equal(mlkem768_kem.decapsulate(
				     NULL, a.secret_key, a.ciphertext, shared),
		    SP_OK);
		keccak_absorb(&outputs, view_of(shared, KEM_SHARED_LEN));
		keccak_squeeze(&inputs, a.ciphertext, CIPHERTEXT);
		assert_int_equal(mlkem768_kem.decapsulate(
				     NULL, a.secret_key, a.ciphertext, shared),
		    SP_OK);
		keccak_absorb(&outputs, view_of(shared, KEM_SHARED_LEN));
	}
	keccak_finish(&outputs);
	keccak_squeeze(&outputs, digest, sizeof digest);
	hex_bytes(expected, wanted);
	assert_memory_equal(digest, wanted, sizeof wanted);
}

static void
check_pair(const struct kem *keys, const struct kem *client,
    const struct kem *server, int round)
{
	uint8_t shared[KEM_SHARED_LEN], other[KEM_SHARED_LEN];
	struct answer a;

	assert_int_equal(
	    keys->generate(NULL, a.public_key, a.secret_key), SP_OK);
	assert_int_equal(
	    server->encapsulate(NULL, a.public_key, a.ciphertext, a.shared),
	    SP_OK);
	assert_int_equal(
	    client->decapsulate(NULL, a.secret_key, a.ciphertext, shared),
	    SP_OK);
	assert_memory_equal(shared, a.shared, KEM_SHARED_LEN);
	a.ciphertext[(round * 11) % CIPHERTEXT] ^= (uint8_t)(1 << round % 8);
	assert_int_equal(
	    client->decapsulate(NULL, a.secret_key, a.ciphertext, shared),
	    SP_OK);
	assert_int_equal(
	    server->decapsulate(NULL, a.secret_key, a.ciphertext, other),
	    SP_OK);
	assert_memory_equal(shared, other, KEM_SHARED_LEN);
	assert_memory_not_equal(shared, a.shared, KEM_SHARED_LEN);
}

static void
each_opens_what_the_other_made(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		check_pair(&own_kem, &own_kem, &mlkem768_kem, i);
		check_pair(&own_kem, &mlkem768_kem, &own_kem, i);
		check_pair(&mlkem768_kem, &own_kem, &mlkem768_kem, i);
		check_pair(&mlkem768_kem, &mlkem768_kem, &own_kem, i);
	}
}

/* The last coefficient of the first polynomial, at and past the modulus. */
static void
neither_takes_a_coefficient_past_the_modulus(void **state)
{
	static const unsigned values[] = { 0, MLKEMRING_Q - 1, MLKEMRING_Q,
		MLKEMRING_Q + 1, 4095 };

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		unsigned value = values[i];
		enum sp_status wanted =
		    value < MLKEMRING_Q ? SP_OK : SP_ERR_KEX_VALUE;
		struct answer a;

		assert_int_equal(
		    own_kem.generate(NULL, a.public_key, a.secret_key), SP_OK);
		a.public_key[382] =
		    (uint8_t)((a.public_key[382] & 0x0f) | value << 4);
		a.public_key[383] = (uint8_t)(value >> 4);
		assert_int_equal(mlkem768_kem.encapsulate(NULL, a.public_key,
				     a.ciphertext, a.shared),
		    wanted);
		assert_int_equal(own_kem.encapsulate(NULL, a.public_key,
				     a.ciphertext, a.shared),
		    wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_have_the_same_lengths),
		cmocka_unit_test(accumulated_answers_are_opened),
		cmocka_unit_test(each_opens_what_the_other_made),
		cmocka_unit_test(neither_takes_a_coefficient_past_the_modulus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
