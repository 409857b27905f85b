/*
 * sntrup761 against the known answer of NIST's third round, and what it does
 * with ciphertexts that are not right. The source is included: no caller may
 * choose what is random.
 */
#include "lib/crypto/sntrup761.c"

#include "tests/unit/hex.h"

#include <sallyport/key.h>

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct sp_crypto *crypto;

/* ---- NIST's generator: AES-256 in counter mode, keyed anew each time ---- */

enum { SEED = 48 };

struct drbg {
	uint8_t key[32];
	uint8_t counter[16];
};

static void
drbg_block(struct drbg *d, uint8_t out[16])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len;

	for (int i = 15; i >= 0 && ++d->counter[i] == 0; i--)
		continue;
	assert_int_equal(
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_ecb(), NULL, d->key, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &len, d->counter, 16), 1);
	EVP_CIPHER_CTX_free(ctx);
}

static void
drbg_update(struct drbg *d, const uint8_t *input)
{
	uint8_t fresh[SEED];

	for (int i = 0; i < SEED; i += 16)
		drbg_block(d, fresh + i);
	for (int i = 0; input != NULL && i < SEED; i++)
		fresh[i] ^= input[i];
	memcpy(d->key, fresh, 32);
	memcpy(d->counter, fresh + 32, 16);
}

static void
drbg_init(struct drbg *d, const uint8_t seed[SEED])
{
	memset(d, 0, sizeof *d);
	drbg_update(d, seed);
}

static void
drbg_bytes(struct drbg *d, uint8_t *out, size_t len)
{
	uint8_t block[16];

	while (len > 0) {
		size_t n = len < 16 ? len : 16;

		drbg_block(d, block);
		memcpy(out, block, n);
		out += n;
		len -= n;
	}
	drbg_update(d, NULL);
}

static void
drbg_numbers(struct drbg *d, uint32_t numbers[P])
{
	uint8_t bytes[4 * P];

	drbg_bytes(d, bytes, sizeof bytes);
	for (int i = 0; i < P; i++)
		numbers[i] = (uint32_t)bytes[4 * i] |
		    (uint32_t)bytes[4 * i + 1] << 8 |
		    (uint32_t)bytes[4 * i + 2] << 16 |
		    (uint32_t)bytes[4 * i + 3] << 24;
}

/* ---- the known answer ---- */

struct answer {
	uint8_t public_key[PUBLIC];
	uint8_t secret_key[SECRET];
	uint8_t ciphertext[CIPHERTEXT];
	uint8_t shared[KEM_SHARED_LEN];
};

/* As generate() and encapsulate() would, with these numbers for random. */
static void
make_answer(struct drbg *d, struct answer *a)
{
	int8_t g[ROOM], inverse[ROOM], f[ROOM];
	uint8_t *copy = a->secret_key + 2 * SMALL;
	uint32_t numbers[P];

	do {
		drbg_numbers(d, numbers);
		small_of(g, numbers);
	} while (sntrupring_invert_3(inverse, g) != 0);
	drbg_numbers(d, numbers);
	short_of(f, numbers);
	write_pair(g, inverse, f, a->public_key, a->secret_key);
	memcpy(copy, a->public_key, PUBLIC);
	drbg_bytes(d, copy + PUBLIC, SMALL);
	assert_int_equal(hash(crypto, copy + PUBLIC + SMALL, HASH_PUBLIC,
			     view_of(a->public_key, PUBLIC), view_of(NULL, 0)),
	    SP_OK);
	drbg_numbers(d, numbers);
	short_of(f, numbers);
	assert_int_equal(encapsulate_input(crypto, a->public_key, f,
			     a->ciphertext, a->shared),
	    SP_OK);
}

static size_t
write_field(char *out, const char *name, const uint8_t *bytes, size_t len)
{
	size_t n = (size_t)sprintf(out, "%s = ", name);

	for (size_t i = 0; i < len; i++)
		n += (size_t)sprintf(out + n, "%02X", bytes[i]);
	return n + (size_t)sprintf(out + n, "\n");
}

/* The first record of the file of known answers, and its SHA-256. */
static void
the_first_known_answer_comes_out(void **state)
{
	static char text[16384];
	uint8_t entropy[SEED], seed[SEED], digest[32], expected[32];
	struct answer a;
	struct sp_view all;
	struct drbg d;
	size_t n;

	(void)state;
	for (uint8_t i = 0; i < SEED; i++)
		entropy[i] = i;
	drbg_init(&d, entropy);
	drbg_bytes(&d, seed, SEED);
	drbg_init(&d, seed);
	make_answer(&d, &a);
	n = (size_t)sprintf(text, "count = 0\n");
	n += write_field(text + n, "seed", seed, SEED);
	n += write_field(text + n, "pk", a.public_key, PUBLIC);
	n += write_field(text + n, "sk", a.secret_key, SECRET);
	n += write_field(text + n, "ct", a.ciphertext, CIPHERTEXT);
	n += write_field(text + n, "ss", a.shared, KEM_SHARED_LEN);
	all = view_of(text, n);
	assert_int_equal(
	    digest_of(crypto, DIGEST_SHA256, &all, 1, digest), SP_OK);
	hex_bytes("afc42c3a5b10f4ef69654250097ebda9"
		  "b9564570f4086744b24a6daf2bd1f89a",
	    expected);
	assert_memory_equal(digest, expected, 32);
}

static void
make_any(struct answer *a)
{
	assert_int_equal(
	    sntrup761_kem.generate(crypto, a->public_key, a->secret_key),
	    SP_OK);
	assert_int_equal(sntrup761_kem.encapsulate(
			     crypto, a->public_key, a->ciphertext, a->shared),
	    SP_OK);
}

static void
decapsulate_into(const struct answer *a, uint8_t shared[KEM_SHARED_LEN])
{
	assert_int_equal(sntrup761_kem.decapsulate(
			     crypto, a->secret_key, a->ciphertext, shared),
	    SP_OK);
}

static void
both_sides_have_one_secret(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		uint8_t shared[KEM_SHARED_LEN];
		struct answer a;

		make_any(&a);
		decapsulate_into(&a, shared);
		assert_memory_equal(shared, a.shared, KEM_SHARED_LEN);
	}
}

/* The same one each time, which only the secret key's owner knows. */
static void
a_changed_ciphertext_gives_another_secret(void **state)
{
	uint8_t shared[KEM_SHARED_LEN], again[KEM_SHARED_LEN];
	struct answer a;

	(void)state;
	make_any(&a);
	for (int at = 0; at < CIPHERTEXT; at += 37) {
		a.ciphertext[at] ^= 1;
		decapsulate_into(&a, shared);
		decapsulate_into(&a, again);
		assert_memory_not_equal(shared, a.shared, KEM_SHARED_LEN);
		assert_memory_equal(shared, again, KEM_SHARED_LEN);
		a.ciphertext[at] ^= 1;
	}
	for (int fill = 0; fill <= 0xff; fill += 0xff) {
		memset(a.ciphertext, fill, CIPHERTEXT);
		decapsulate_into(&a, shared);
		assert_memory_not_equal(shared, a.shared, KEM_SHARED_LEN);
	}
}

static void
any_public_key_will_do_for_a_secret(void **state)
{
	uint8_t key[PUBLIC], ciphertext[CIPHERTEXT], shared[KEM_SHARED_LEN];

	(void)state;
	for (int fill = 0; fill <= 0xff; fill += 0x33) {
		memset(key, fill, PUBLIC);
		assert_int_equal(
		    sntrup761_kem.encapsulate(crypto, key, ciphertext, shared),
		    SP_OK);
	}
}

static void
lists_of_any_length_are_sorted(void **state)
{
	uint32_t list[P];

	(void)state;
	for (int len = 2; len <= P; len += 23) {
		uint32_t x = 1;

		for (int i = 0; i < len; i++)
			list[i] = x = x * 1664525 + 1013904223;
		sort(list, len);
		for (int i = 1; i < len; i++)
			assert_true(list[i - 1] <= list[i]);
	}
	list[0] = UINT32_MAX;
	list[1] = 0;
	sort(list, 2);
	assert_int_equal(list[0], 0);
}

static void
polynomials_by_chance_have_the_weight(void **state)
{
	uint32_t chance[P];
	int8_t small[ROOM];
	int weight = 0;

	(void)state;
	assert_int_equal(draw(chance), SP_OK);
	short_of(small, chance);
	for (int i = 0; i < P; i++) {
		assert_true(small[i] >= -1 && small[i] <= 1);
		weight += small[i] != 0;
	}
	assert_int_equal(weight, WEIGHT);
	assert_int_equal(mask_of_wrong_weight(small), 0);
	small[0] ^= 1;
	assert_int_equal(mask_of_wrong_weight(small), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_known_answer_comes_out),
		cmocka_unit_test(both_sides_have_one_secret),
		cmocka_unit_test(a_changed_ciphertext_gives_another_secret),
		cmocka_unit_test(any_public_key_will_do_for_a_secret),
		cmocka_unit_test(lists_of_any_length_are_sorted),
		cmocka_unit_test(polynomials_by_chance_have_the_weight),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
