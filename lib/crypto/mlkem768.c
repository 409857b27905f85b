/*
 * ML-KEM-768 (FIPS 203), for where OpenSSL has none. Secrets neither decide
 * branches nor are indices; tests/unit/crypto/mlkemsecrecy_test.c has
 * valgrind look.
 */
#include "lib/crypto/keccak.h"
#include "lib/crypto/kem.h"
#include "lib/crypto/mlkemring.h"
#include "lib/crypto/random.h"

#include <openssl/crypto.h>

enum {
	K = 3,
	SEED = 32,
	FULL = 384, /* bytes of a polynomial of 12 bits a coefficient */
	U_BITS = 10,
	V_BITS = 4,
	U = 32 * U_BITS,
	V = 32 * V_BITS,
	PUBLIC = K * FULL + SEED,
	CIPHERTEXT = K * U + V,
	/* s, the public key, its hash, what a rejection gives */
	SECRET = K * FULL + PUBLIC + SEED + SEED,
};

struct vector {
	struct mlkemring at[K];
};

/* ---- by chance ---- */

/* A[row][column], in NTT form (algorithm 7). The seed is public. */
static void
expand(struct mlkemring *p, const uint8_t seed[SEED], int row, int column)
{
	const uint8_t place[2] = { (uint8_t)column, (uint8_t)row };
	struct keccak k;
	int n = 0;

	keccak_init(&k, KECCAK_SHAKE128);
	keccak_absorb(&k, view_of(seed, SEED));
	keccak_absorb(&k, view_of(place, 2));
	keccak_finish(&k);
	while (n < MLKEMRING_N) {
		uint8_t b[3];
		unsigned first, second;

		keccak_squeeze(&k, b, 3);
		first = b[0] + 256u * (b[1] % 16u);
		second = b[1] / 16u + 16u * b[2];
		if (first < MLKEMRING_Q)
			p->at[n++] = (uint16_t)first;
		if (second < MLKEMRING_Q && n < MLKEMRING_N)
			p->at[n++] = (uint16_t)second;
	}
}

static void
draw(struct mlkemring *p, const uint8_t seed[SEED], uint8_t number)
{
	uint8_t bytes[128];

	keccak_shake256(
	    bytes, sizeof bytes, view_of(seed, SEED), view_of(&number, 1));
	mlkemring_small(p, bytes);
	OPENSSL_cleanse(bytes, sizeof bytes);
}

static void
draw_vector(struct vector *v, const uint8_t seed[SEED], uint8_t number)
{
	for (int i = 0; i < K; i++)
		draw(&v->at[i], seed, (uint8_t)(number + i));
}

/* ---- vectors ---- */

static void
transform(struct vector *v)
{
	for (int i = 0; i < K; i++)
		mlkemring_ntt(&v->at[i]);
}

static void
write_full(uint8_t *bytes, const struct vector *v)
{
	for (int i = 0; i < K; i++)
		mlkemring_write(bytes + i * FULL, &v->at[i], 12);
}

static bool
read_full(struct vector *v, const uint8_t *bytes)
{
	bool is_good = true;

	for (int i = 0; i < K; i++)
		is_good =
		    mlkemring_read(&v->at[i], bytes + i * FULL, 12) && is_good;
	return is_good;
}

/* out = A v, or its transpose's, in NTT form. */
static void
apply(struct vector *out, const uint8_t seed[SEED], const struct vector *v,
    bool is_transposed)
{
	struct mlkemring a;

	memset(out, 0, sizeof *out);
	for (int i = 0; i < K; i++)
		for (int j = 0; j < K; j++) {
			expand(&a, seed, is_transposed ? j : i,
			    is_transposed ? i : j);
			mlkemring_multiply_add(&out->at[i], &a, &v->at[j]);
		}
}

static void
multiply(struct mlkemring *out, const struct vector *a, const struct vector *b)
{
	memset(out, 0, sizeof *out);
	for (int i = 0; i < K; i++)
		mlkemring_multiply_add(out, &a->at[i], &b->at[i]);
	mlkemring_inverse_ntt(out);
}

/* ---- encryption of 32 bytes (K-PKE) ---- */

/* Algorithm 13 from its second line on. */
static void
make_pair(const uint8_t seed[SEED], const uint8_t noise[SEED],
    uint8_t *public_key, uint8_t *secret_key)
{
	struct {
		struct vector s, e, t;
	} w;

	draw_vector(&w.s, noise, 0);
	draw_vector(&w.e, noise, K);
	transform(&w.s);
	transform(&w.e);
	apply(&w.t, seed, &w.s, false);
	for (int i = 0; i < K; i++)
		mlkemring_add(&w.t.at[i], &w.e.at[i]);
	write_full(public_key, &w.t);
	memcpy(public_key + K * FULL, seed, SEED);
	write_full(secret_key, &w.s);
	OPENSSL_cleanse(&w, sizeof w);
}

/* Algorithm 14. False for a key that is none (7.2). */
static bool
encrypt(const uint8_t *public_key, const uint8_t message[SEED],
    const uint8_t noise[SEED], uint8_t ciphertext[CIPHERTEXT])
{
	struct {
		struct vector t, y, e, u;
		struct mlkemring v, more;
	} w;
	bool is_key = read_full(&w.t, public_key);

	draw_vector(&w.y, noise, 0);
	draw_vector(&w.e, noise, K);
	transform(&w.y);
	apply(&w.u, public_key + K * FULL, &w.y, true);
	for (int i = 0; i < K; i++) {
		mlkemring_inverse_ntt(&w.u.at[i]);
		mlkemring_add(&w.u.at[i], &w.e.at[i]);
		mlkemring_write(ciphertext + i * U, &w.u.at[i], U_BITS);
	}
	multiply(&w.v, &w.t, &w.y);
	draw(&w.more, noise, 2 * K);
	mlkemring_add(&w.v, &w.more);
	mlkemring_read(&w.more, message, 1);
	mlkemring_add(&w.v, &w.more);
	mlkemring_write(ciphertext + K * U, &w.v, V_BITS);
	OPENSSL_cleanse(&w, sizeof w);
	return is_key;
}

/* Algorithm 15. */
static void
decrypt(
    const uint8_t *secret_key, const uint8_t *ciphertext, uint8_t message[SEED])
{
	struct {
		struct vector s, u;
		struct mlkemring v, product;
	} w;

	(void)read_full(&w.s, secret_key);
	for (int i = 0; i < K; i++)
		mlkemring_read(&w.u.at[i], ciphertext + i * U, U_BITS);
	mlkemring_read(&w.v, ciphertext + K * U, V_BITS);
	transform(&w.u);
	multiply(&w.product, &w.s, &w.u);
	mlkemring_subtract(&w.v, &w.product);
	mlkemring_write(message, &w.v, 1);
	OPENSSL_cleanse(&w, sizeof w);
}

/* ---- the three operations ---- */

/* Algorithm 16, from seeds. */
static void
generate_from(const uint8_t seed[SEED], const uint8_t rejection[SEED],
    uint8_t *public_key, uint8_t *secret_key)
{
	uint8_t *copy = secret_key + K * FULL;
	const uint8_t rank = K;
	uint8_t seeds[2 * SEED];

	keccak_sha3_512(seeds, view_of(seed, SEED), view_of(&rank, 1));
	make_pair(seeds, seeds + SEED, public_key, secret_key);
	memcpy(copy, public_key, PUBLIC);
	keccak_sha3_256(
	    copy + PUBLIC, view_of(public_key, PUBLIC), view_of(NULL, 0));
	memcpy(copy + PUBLIC + SEED, rejection, SEED);
	OPENSSL_cleanse(seeds, sizeof seeds);
}

static enum sp_status
generate(
    const struct sp_crypto *crypto, uint8_t *public_key, uint8_t *secret_key)
{
	uint8_t seeds[2 * SEED];
	enum sp_status status = random_bytes(seeds, sizeof seeds);

	(void)crypto;
	if (status == SP_OK)
		generate_from(seeds, seeds + SEED, public_key, secret_key);
	OPENSSL_cleanse(seeds, sizeof seeds);
	return status;
}

/* Algorithm 17, of this message. */
static enum sp_status
encapsulate_message(const uint8_t *public_key, const uint8_t message[SEED],
    uint8_t *ciphertext, uint8_t shared[KEM_SHARED_LEN])
{
	uint8_t key_hash[SEED], both[KEM_SHARED_LEN + SEED];
	bool is_key;

	keccak_sha3_256(
	    key_hash, view_of(public_key, PUBLIC), view_of(NULL, 0));
	keccak_sha3_512(both, view_of(message, SEED), view_of(key_hash, SEED));
	is_key =
	    encrypt(public_key, message, both + KEM_SHARED_LEN, ciphertext);
	if (is_key)
		memcpy(shared, both, KEM_SHARED_LEN);
	OPENSSL_cleanse(both, sizeof both);
	return is_key ? SP_OK : SP_ERR_KEX_VALUE;
}

static enum sp_status
encapsulate(const struct sp_crypto *crypto, const uint8_t *public_key,
    uint8_t *ciphertext, uint8_t shared[KEM_SHARED_LEN])
{
	uint8_t message[SEED];
	enum sp_status status = random_bytes(message, sizeof message);

	(void)crypto;
	if (status == SP_OK)
		status = encapsulate_message(
		    public_key, message, ciphertext, shared);
	OPENSSL_cleanse(message, sizeof message);
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

/* Algorithm 18. */
static enum sp_status
decapsulate(const struct sp_crypto *crypto, const uint8_t *secret_key,
    const uint8_t *ciphertext, uint8_t shared[KEM_SHARED_LEN])
{
	const uint8_t *public_key = secret_key + K * FULL;
	const uint8_t *key_hash = public_key + PUBLIC;
	const uint8_t *rejection = key_hash + SEED;
	struct {
		uint8_t message[SEED];
		uint8_t both[KEM_SHARED_LEN + SEED];
		uint8_t instead[KEM_SHARED_LEN];
		uint8_t again[CIPHERTEXT];
	} w;
	uint8_t wrong;

	(void)crypto;
	decrypt(secret_key, ciphertext, w.message);
	keccak_sha3_512(
	    w.both, view_of(w.message, SEED), view_of(key_hash, SEED));
	keccak_shake256(w.instead, KEM_SHARED_LEN, view_of(rejection, SEED),
	    view_of(ciphertext, CIPHERTEXT));
	/* The key is our own. */
	(void)encrypt(public_key, w.message, w.both + KEM_SHARED_LEN, w.again);
	wrong = mask_of_difference(ciphertext, w.again);
	for (int i = 0; i < KEM_SHARED_LEN; i++)
		shared[i] =
		    (uint8_t)(w.both[i] ^ (wrong & (w.both[i] ^ w.instead[i])));
	OPENSSL_cleanse(&w, sizeof w);
	return SP_OK;
}

const struct kem mlkem768_kem = {
	.name = "mlkem768",
	.public_len = PUBLIC,
	.secret_len = SECRET,
	.ciphertext_len = CIPHERTEXT,
	.generate = generate,
	.encapsulate = encapsulate,
	.decapsulate = decapsulate,
};
