/* ssh-rsa keys, rsa-sha2-256 and rsa-sha2-512. */
#include "lib/pubkey/rsa.h"

#include "lib/limits.h"
#include "lib/pubkey/pkey.h"
#include "lib/pubkey/pubkey.h"
#include "lib/wire/secret.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>

enum { BITS_USUAL = 3072 };

/* The names differ from the type's: "ssh-rsa" would sign with SHA-1. */
static const struct pubkey_algorithm algorithms[] = {
	{ .name = "rsa-sha2-512", .digest = "SHA512" },
	{ .name = "rsa-sha2-256", .digest = "SHA256" },
	{ .name = NULL },
};

/* Big-endian, without zeros in front. */
struct public_numbers {
	struct sp_view n;
	struct sp_view e;
};

static size_t
bits_of(struct sp_view number)
{
	size_t bits = number.len * 8;

	for (uint8_t top = number.len > 0 ? number.data[0] : 0x80;
	     (top & 0x80) == 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static bool
is_odd(struct sp_view number)
{
	return number.len > 0 && (number.data[number.len - 1] & 1) != 0;
}

/*
 * A modulus too long, or an exponent of that length, would have us compute
 * for minutes. With 1 as exponent everything is its own signature.
 */
static enum sp_status
check_numbers(const struct public_numbers *p)
{
	if (!is_odd(p->n) || !is_odd(p->e) || p->e.len > LIMIT_RSA_EXPONENT ||
	    bits_of(p->e) < 2)
		return SP_ERR_KEY_FORMAT;
	if (bits_of(p->n) < LIMIT_RSA_BITS_MIN ||
	    bits_of(p->n) > LIMIT_RSA_BITS)
		return SP_ERR_KEY_SIZE;
	return SP_OK;
}

static enum sp_status
generate(struct sp_key *key, unsigned bits)
{
	size_t size = bits == 0 ? BITS_USUAL : bits;

	if (size < LIMIT_RSA_BITS_MIN || size > LIMIT_RSA_BITS)
		return SP_ERR_KEY_SIZE;
	key->pair = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", size);
	return key->pair == NULL ? SP_ERR_CRYPTO : SP_OK;
}

/* RFC 4253 6.6: e, then n. A private key file has them the other way. */
static enum sp_status
write_public(const struct sp_key *key, struct writer *w)
{
	enum sp_status status =
	    pkey_write_mpint(key->pair, OSSL_PKEY_PARAM_RSA_E, w);

	if (status == SP_OK)
		status = pkey_write_mpint(key->pair, OSSL_PKEY_PARAM_RSA_N, w);
	return status;
}

/* d modulo one less than a prime. */
static BIGNUM *
exponent_for(const BIGNUM *d, const BIGNUM *prime, BN_CTX *ctx)
{
	BIGNUM *result = BN_new();
	BIGNUM *less = BN_dup(prime);
	bool is_made = result != NULL && less != NULL && BN_sub_word(less, 1);

	if (is_made) {
		BN_set_flags(less, BN_FLG_CONSTTIME);
		is_made = BN_mod(result, d, less, ctx);
	}
	BN_clear_free(less);
	if (is_made)
		return result;
	BN_clear_free(result);
	return NULL;
}

struct private_numbers {
	struct public_numbers public_part;
	struct sp_view d, p, q;
};

static bool
is_product(const struct private_numbers *in, const BIGNUM *p, const BIGNUM *q,
    BN_CTX *ctx)
{
	const struct sp_view n_bytes = in->public_part.n;
	BIGNUM *n = BN_bin2bn(n_bytes.data, (int)n_bytes.len, NULL);
	BIGNUM *product = BN_new();
	bool is_equal = n != NULL && product != NULL &&
	    BN_mul(product, p, q, ctx) && BN_cmp(n, product) == 0;

	BN_clear_free(product);
	BN_free(n);
	return is_equal;
}

/* What speeds signing up is computed here, not taken from the file. */
static void
add_shortcuts(
    struct pkey_builder *b, const struct private_numbers *in, bool *is_key)
{
	BIGNUM *d = BN_bin2bn(in->d.data, (int)in->d.len, NULL);
	BIGNUM *p = BN_bin2bn(in->p.data, (int)in->p.len, NULL);
	BIGNUM *q = BN_bin2bn(in->q.data, (int)in->q.len, NULL);
	BN_CTX *ctx = BN_CTX_new();

	if (d == NULL || p == NULL || q == NULL || ctx == NULL) {
		b->failed = true;
	} else if (!is_product(in, p, q, ctx)) {
		*is_key = false;
	} else {
		BN_set_flags(p, BN_FLG_CONSTTIME);
		BN_set_flags(q, BN_FLG_CONSTTIME);
		pkey_builder_take(
		    b, OSSL_PKEY_PARAM_RSA_EXPONENT1, exponent_for(d, p, ctx));
		pkey_builder_take(
		    b, OSSL_PKEY_PARAM_RSA_EXPONENT2, exponent_for(d, q, ctx));
		pkey_builder_take(b, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
		    BN_mod_inverse(NULL, q, p, ctx));
	}
	BN_CTX_free(ctx);
	BN_clear_free(q);
	BN_clear_free(p);
	BN_clear_free(d);
}

static enum sp_status
build_private(struct sp_key *key, const struct private_numbers *in)
{
	struct pkey_builder b;
	bool is_key = true;
	enum sp_status status;

	pkey_builder_init(&b);
	pkey_builder_number(&b, OSSL_PKEY_PARAM_RSA_N, in->public_part.n);
	pkey_builder_number(&b, OSSL_PKEY_PARAM_RSA_E, in->public_part.e);
	pkey_builder_number(&b, OSSL_PKEY_PARAM_RSA_D, in->d);
	pkey_builder_number(&b, OSSL_PKEY_PARAM_RSA_FACTOR1, in->p);
	pkey_builder_number(&b, OSSL_PKEY_PARAM_RSA_FACTOR2, in->q);
	add_shortcuts(&b, in, &is_key);
	status = pkey_builder_finish(&b, "RSA", EVP_PKEY_KEYPAIR, &key->pair);
	/* Without the shortcuts it may be built, and is left to be freed. */
	return is_key ? status : SP_ERR_KEY_FORMAT;
}

static enum sp_status
read_private(struct sp_key *key, struct reader *r)
{
	struct private_numbers in;
	enum sp_status status;

	in.public_part.n = reader_mpint(r);
	in.public_part.e = reader_mpint(r);
	in.d = reader_mpint(r);
	(void)reader_mpint(r); /* the inverse of q modulo p */
	in.p = reader_mpint(r);
	in.q = reader_mpint(r);
	if (r->failed)
		return SP_ERR_KEY_FORMAT;
	status = check_numbers(&in.public_part);
	if (status != SP_OK)
		return status;
	/* Each is odd, and none is longer than the modulus. */
	if (!is_odd(in.d) || !is_odd(in.p) || !is_odd(in.q) ||
	    in.d.len > in.public_part.n.len ||
	    in.p.len > in.public_part.n.len || in.q.len > in.public_part.n.len)
		return SP_ERR_KEY_FORMAT;
	return build_private(key, &in);
}

static enum sp_status
write_private(const struct sp_key *key, struct writer *w)
{
	static const char *const numbers[] = {
		OSSL_PKEY_PARAM_RSA_N,
		OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
		OSSL_PKEY_PARAM_RSA_FACTOR1,
		OSSL_PKEY_PARAM_RSA_FACTOR2,
	};
	enum sp_status status = SP_OK;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (status == SP_OK)
			status = pkey_write_mpint(key->pair, numbers[i], w);
	return status;
}

static enum sp_status
sign_and_check(EVP_PKEY *pair, const char *digest, struct sp_view data,
    uint8_t *signature, size_t *len)
{
	enum sp_status status = pkey_sign(pair, digest, data, signature, len);

	if (status != SP_OK)
		return status;
	return pkey_verify(pair, digest, data, view_of(signature, *len));
}

/*
 * A wrong signature can tell the key: none is given away. What libcrypto
 * blinds a key with is renewed at each use, and is wrong for a while where
 * an allocation of that failed; a copy of the key begins with another.
 */
static enum sp_status
sign(const struct sp_key *key, const struct pubkey_algorithm *algorithm,
    struct sp_view data, struct writer *w)
{
	uint8_t signature[LIMIT_RSA_BITS / 8];
	size_t len = sizeof signature;
	enum sp_status status =
	    sign_and_check(key->pair, algorithm->digest, data, signature, &len);
	EVP_PKEY *copy;

	if (status == SP_ERR_SIGNATURE) {
		copy = EVP_PKEY_dup(key->pair);
		len = sizeof signature;
		status = copy == NULL ? SP_ERR_MEMORY
				      : sign_and_check(copy, algorithm->digest,
					    data, signature, &len);
		EVP_PKEY_free(copy);
	}
	if (status == SP_OK)
		writer_bytes(w, view_of(signature, len));
	return status == SP_ERR_SIGNATURE ? SP_ERR_CRYPTO : status;
}

/*
 * RFC 8332 3 wants as many bytes as the modulus has (RFC 8017 8.2.1). Some
 * leave out zeros in front, and OpenSSH takes that for what it is.
 */
static enum sp_status
verify_padded(EVP_PKEY *pair, const char *digest, struct sp_view data,
    struct sp_view signature, size_t len)
{
	uint8_t padded[LIMIT_RSA_BITS / 8] = { 0 };

	if (signature.len == 0 || signature.len > len)
		return SP_ERR_SIGNATURE;
	memcpy(padded + len - signature.len, signature.data, signature.len);
	return pkey_verify(pair, digest, data, view_of(padded, len));
}

static enum sp_status
verify(const struct pubkey_claim *claim)
{
	struct public_numbers p;
	struct pkey_builder b;
	struct reader r;
	EVP_PKEY *pair = NULL;
	enum sp_status status;

	reader_init(&r, claim->fields);
	p.e = reader_mpint(&r);
	p.n = reader_mpint(&r);
	if (reader_finish(&r) != SP_OK)
		return SP_ERR_KEY_FORMAT;
	status = check_numbers(&p);
	if (status != SP_OK)
		return status;
	pkey_builder_init(&b);
	pkey_builder_number(&b, OSSL_PKEY_PARAM_RSA_N, p.n);
	pkey_builder_number(&b, OSSL_PKEY_PARAM_RSA_E, p.e);
	status = pkey_builder_finish(&b, "RSA", EVP_PKEY_PUBLIC_KEY, &pair);
	if (status == SP_OK)
		status = verify_padded(pair, claim->algorithm->digest,
		    claim->data, claim->signature, p.n.len);
	EVP_PKEY_free(pair);
	return status;
}

const struct pubkey_type rsa_type = {
	.name = "ssh-rsa",
	.algorithms = algorithms,
	.host_set = ALGORITHM_MODERN,
	.user_set = ALGORITHM_MODERN,
	.is_slow = true,
	.generate = generate,
	.write_public = write_public,
	.read_private = read_private,
	.write_private = write_private,
	.sign = sign,
	.verify = verify,
};
