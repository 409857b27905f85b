/*
 * Streamlined NTRU Prime with p = 761, q = 4591 and weight 286, as NTRU
 * Prime's third round and RFC 9941 have it. Secrets neither decide branches
 * nor are indices; tests/unit/crypto/secrecy_test.c has valgrind look.
 */
#include "lib/crypto/digest.h"
#include "lib/crypto/kem.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sntrupcode.h"
#include "lib/crypto/sntrupring.h"

#include <openssl/crypto.h>

enum {
	P = SNTRUPRING_P,
	ROOM = SNTRUPRING_ROOM,
	WEIGHT = 286,
	SMALL = SNTRUPCODE_SMALL,
	PUBLIC = SNTRUPCODE_FULL,
	ROUNDED = SNTRUPCODE_ROUNDED,
	HASH = 32,
	CIPHERTEXT = ROUNDED + HASH,
	/* f, 1/g, the public key, what a rejection gives, its hash */
	SECRET = SMALL + SMALL + PUBLIC + SMALL + HASH,
};

/* Says what is hashed; before it. */
enum {
	HASH_REJECTED = 0,
	HASH_SHARED = 1,
	HASH_CONFIRMATION = 2,
	HASH_INPUT = 3,
	HASH_PUBLIC = 4,
};

/* The first half of SHA-512 of a prefix and two pieces. */
static enum sp_status
hash(const struct sp_crypto *crypto, uint8_t out[HASH], uint8_t prefix,
    struct sp_view first, struct sp_view second)
{
	struct sp_view pieces[] = { view_of(&prefix, 1), first, second };
	uint8_t whole[DIGEST_MAX];
	enum sp_status status =
	    digest_of(crypto, DIGEST_SHA512, pieces, 3, whole);

	if (status == SP_OK)
		memcpy(out, whole, HASH);
	OPENSSL_cleanse(whole, sizeof whole);
	return status;
}

/* ---- polynomials by chance ---- */

/* Puts the two in order. */
static void
order(uint32_t *low, uint32_t *high)
{
	uint32_t is_wrong = (uint32_t)(((uint64_t)*high - *low) >> 63);
	uint32_t change = (*low ^ *high) & (0 - is_wrong);

	*low ^= change;
	*high ^= change;
}

/* Batcher's merge exchange: which places meet depends on their number. */
static void
sort(uint32_t *list, int len)
{
	int top = 1;

	while (2 * top < len)
		top *= 2;
	for (int p = top; p > 0; p /= 2) {
		int q = top, r = 0, d = p;

		for (;;) {
			for (int i = 0; i + d < len; i++)
				if ((i & p) == r)
					order(&list[i], &list[i + d]);
			if (q == p)
				break;
			d = q - p;
			q /= 2;
			r = p;
		}
	}
}

/* Each coefficient of its own. */
static void
small_of(int8_t *small, const uint32_t *chance)
{
	memset(small, 0, ROOM);
	for (int i = 0; i < P; i++)
		small[i] = (int8_t)(((chance[i] & 0x3fffffff) * 3 >> 30) - 1);
}

/* WEIGHT coefficients of 1 or -1, in an order by chance. Sorts the list. */
static void
short_of(int8_t *small, uint32_t *chance)
{
	for (int i = 0; i < P; i++)
		chance[i] = i < WEIGHT ? chance[i] & ~UINT32_C(1)
				       : (chance[i] & ~UINT32_C(3)) | 1;
	sort(chance, P);
	memset(small, 0, ROOM);
	for (int i = 0; i < P; i++)
		small[i] = (int8_t)((chance[i] & 3) - 1);
}

/* P numbers, little-endian as all that this algorithm reads. */
static enum sp_status
draw(uint32_t *chance)
{
	uint8_t bytes[4 * P];
	enum sp_status status = random_bytes(bytes, sizeof bytes);

	for (int i = 0; i < P; i++)
		chance[i] = (uint32_t)bytes[4 * i] |
		    (uint32_t)bytes[4 * i + 1] << 8 |
		    (uint32_t)bytes[4 * i + 2] << 16 |
		    (uint32_t)bytes[4 * i + 3] << 24;
	OPENSSL_cleanse(bytes, sizeof bytes);
	return status;
}

/* ---- encryption, of a short polynomial ---- */

static void
encrypt(uint8_t out[ROUNDED], const int8_t *input, const uint8_t *public_key)
{
	int16_t h[ROOM], product[ROOM];

	sntrupcode_read_full(h, public_key);
	sntrupring_multiply_q(product, h, input);
	for (int i = 0; i < P; i++)
		product[i] =
		    (int16_t)(product[i] - sntrupring_mod_3(product[i]));
	sntrupcode_write_rounded(out, product);
	OPENSSL_cleanse(product, sizeof product);
}

/* All bits where not just WEIGHT coefficients are odd. */
static int
mask_of_wrong_weight(const int8_t *small)
{
	int difference = -WEIGHT;

	for (int i = 0; i < P; i++)
		difference += small[i] & 1;
	return (difference | -difference) >> 31;
}

/* Where what comes out has not the weight, ones and then zeros do. */
static void
decrypt(int8_t *input, const uint8_t *ciphertext, const uint8_t *secret_key)
{
	struct {
		int8_t f[ROOM], inverse[ROOM], small[ROOM];
		int16_t c[ROOM], product[ROOM];
	} w;
	int wrong;

	sntrupcode_read_small(w.f, secret_key);
	sntrupcode_read_small(w.inverse, secret_key + SMALL);
	sntrupcode_read_rounded(w.c, ciphertext);
	sntrupring_multiply_q(w.product, w.c, w.f);
	memset(w.small, 0, sizeof w.small);
	for (int i = 0; i < P; i++)
		w.small[i] = sntrupring_mod_3(
		    sntrupring_mod_q(3 * (int32_t)w.product[i]));
	sntrupring_multiply_3(input, w.small, w.inverse);
	wrong = mask_of_wrong_weight(input);
	for (int i = 0; i < P; i++) {
		int instead = i < WEIGHT ? 1 : 0;

		input[i] = (int8_t)(((input[i] ^ instead) & ~wrong) ^ instead);
	}
	OPENSSL_cleanse(&w, sizeof w);
}

/* The ciphertext of an input, with what confirms it. */
static enum sp_status
hide(const struct sp_crypto *crypto, const int8_t *input,
    const uint8_t encoded[SMALL], const uint8_t *public_key,
    const uint8_t public_hash[HASH], uint8_t ciphertext[CIPHERTEXT])
{
	uint8_t input_hash[HASH];
	enum sp_status status;

	encrypt(ciphertext, input, public_key);
	status = hash(crypto, input_hash, HASH_INPUT, view_of(encoded, SMALL),
	    view_of(NULL, 0));
	if (status == SP_OK)
		status = hash(crypto, ciphertext + ROUNDED, HASH_CONFIRMATION,
		    view_of(input_hash, HASH), view_of(public_hash, HASH));
	OPENSSL_cleanse(input_hash, sizeof input_hash);
	return status;
}

static enum sp_status
share(const struct sp_crypto *crypto, uint8_t prefix,
    const uint8_t encoded[SMALL], const uint8_t ciphertext[CIPHERTEXT],
    uint8_t shared[KEM_SHARED_LEN])
{
	uint8_t input_hash[HASH];
	enum sp_status status;

	status = hash(crypto, input_hash, HASH_INPUT, view_of(encoded, SMALL),
	    view_of(NULL, 0));
	if (status == SP_OK)
		status = hash(crypto, shared, prefix, view_of(input_hash, HASH),
		    view_of(ciphertext, CIPHERTEXT));
	OPENSSL_cleanse(input_hash, sizeof input_hash);
	return status;
}

/* ---- the three operations ---- */

/* From g, its inverse modulo 3, and f. */
static void
write_pair(const int8_t *g, const int8_t *inverse, const int8_t *f,
    uint8_t *public_key, uint8_t *secret_key)
{
	int16_t h[ROOM], quotient[ROOM];

	sntrupring_invert_3a_q(quotient, f);
	sntrupring_multiply_q(h, quotient, g);
	sntrupcode_write_full(public_key, h);
	sntrupcode_write_small(secret_key, f);
	sntrupcode_write_small(secret_key + SMALL, inverse);
	OPENSSL_cleanse(h, sizeof h);
	OPENSSL_cleanse(quotient, sizeof quotient);
}

static enum sp_status
draw_pair(uint8_t *public_key, uint8_t *secret_key)
{
	struct {
		int8_t g[ROOM], inverse[ROOM], f[ROOM];
		uint32_t chance[P];
	} w;
	enum sp_status status;

	/* That a g had no inverse says nothing of the one that has. */
	do {
		status = draw(w.chance);
		small_of(w.g, w.chance);
	} while (status == SP_OK && sntrupring_invert_3(w.inverse, w.g) != 0);
	if (status == SP_OK)
		status = draw(w.chance);
	if (status == SP_OK) {
		short_of(w.f, w.chance);
		write_pair(w.g, w.inverse, w.f, public_key, secret_key);
	}
	OPENSSL_cleanse(&w, sizeof w);
	return status;
}

static enum sp_status
generate(
    const struct sp_crypto *crypto, uint8_t *public_key, uint8_t *secret_key)
{
	uint8_t *copy = secret_key + 2 * SMALL;
	enum sp_status status = draw_pair(public_key, secret_key);

	if (status != SP_OK)
		return status;
	memcpy(copy, public_key, PUBLIC);
	status = random_bytes(copy + PUBLIC, SMALL);
	if (status != SP_OK)
		return status;
	return hash(crypto, copy + PUBLIC + SMALL, HASH_PUBLIC,
	    view_of(public_key, PUBLIC), view_of(NULL, 0));
}

static enum sp_status
encapsulate_input(const struct sp_crypto *crypto, const uint8_t *public_key,
    const int8_t *input, uint8_t *ciphertext, uint8_t shared[KEM_SHARED_LEN])
{
	uint8_t encoded[SMALL], public_hash[HASH];
	enum sp_status status;

	sntrupcode_write_small(encoded, input);
	status = hash(crypto, public_hash, HASH_PUBLIC,
	    view_of(public_key, PUBLIC), view_of(NULL, 0));
	if (status == SP_OK)
		status = hide(crypto, input, encoded, public_key, public_hash,
		    ciphertext);
	if (status == SP_OK)
		status =
		    share(crypto, HASH_SHARED, encoded, ciphertext, shared);
	OPENSSL_cleanse(encoded, sizeof encoded);
	return status;
}

static enum sp_status
encapsulate(const struct sp_crypto *crypto, const uint8_t *public_key,
    uint8_t *ciphertext, uint8_t shared[KEM_SHARED_LEN])
{
	uint32_t chance[P];
	int8_t input[ROOM];
	enum sp_status status = draw(chance);

	if (status == SP_OK) {
		short_of(input, chance);
		status = encapsulate_input(
		    crypto, public_key, input, ciphertext, shared);
	}
	OPENSSL_cleanse(chance, sizeof chance);
	OPENSSL_cleanse(input, sizeof input);
	return status;
}

/* All bits where the two differ. */
static uint8_t
mask_of_difference(const uint8_t *a, const uint8_t *b)
{
	unsigned difference = 0;

	for (int i = 0; i < CIPHERTEXT; i++)
		difference |= (unsigned)(a[i] ^ b[i]);
	return (uint8_t)((0 - difference) >> 8);
}

static enum sp_status
decapsulate(const struct sp_crypto *crypto, const uint8_t *secret_key,
    const uint8_t *ciphertext, uint8_t shared[KEM_SHARED_LEN])
{
	const uint8_t *public_key = secret_key + 2 * SMALL;
	const uint8_t *instead = public_key + PUBLIC;
	const uint8_t *public_hash = instead + SMALL;
	uint8_t encoded[SMALL], again[CIPHERTEXT];
	int8_t input[ROOM];
	enum sp_status status;
	uint8_t wrong;

	decrypt(input, ciphertext, secret_key);
	sntrupcode_write_small(encoded, input);
	status = hide(crypto, input, encoded, public_key, public_hash, again);
	if (status == SP_OK) {
		wrong = mask_of_difference(ciphertext, again);
		for (int i = 0; i < SMALL; i++)
			encoded[i] ^=
			    (uint8_t)(wrong & (encoded[i] ^ instead[i]));
		status = share(crypto, (uint8_t)(HASH_SHARED + wrong), encoded,
		    ciphertext, shared);
	}
	OPENSSL_cleanse(input, sizeof input);
	OPENSSL_cleanse(encoded, sizeof encoded);
	OPENSSL_cleanse(again, sizeof again);
	return status;
}

const struct kem sntrup761_kem = {
	.name = "sntrup761",
	.public_len = PUBLIC,
	.secret_len = SECRET,
	.ciphertext_len = CIPHERTEXT,
	.generate = generate,
	.encapsulate = encapsulate,
	.decapsulate = decapsulate,
};
