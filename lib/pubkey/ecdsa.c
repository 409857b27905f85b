/* ecdsa-sha2-nistp256, -nistp384 and -nistp521. */
#include "lib/pubkey/ecdsa.h"

#include "lib/pubkey/pkey.h"
#include "lib/pubkey/pubkey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>

/* UNCOMPRESSED is the first byte of a point (SEC 1, 2.3.3). */
enum { FIELD_MAX = 66, UNCOMPRESSED = 4 };
enum { POINT_MAX = 1 + 2 * FIELD_MAX, DER_MAX = 16 + 2 * FIELD_MAX };

struct ecdsa_curve {
	const char *name; /* in key blobs */
	const char *group; /* OpenSSL's name */
	const char *digest; /* RFC 5656 6.2.1 */
	unsigned bits;
	size_t field_len;
};

const struct ecdsa_curve ecdsa_nistp256 = {
	.name = "nistp256",
	.group = "prime256v1",
	.digest = "SHA256",
	.bits = 256,
	.field_len = 32,
};

static const struct ecdsa_curve nistp384 = {
	.name = "nistp384",
	.group = "secp384r1",
	.digest = "SHA384",
	.bits = 384,
	.field_len = 48,
};

static const struct ecdsa_curve nistp521 = {
	.name = "nistp521",
	.group = "secp521r1",
	.digest = "SHA512",
	.bits = 521,
	.field_len = 66,
};

static const struct ecdsa_curve *
curve_of(const struct sp_key *key)
{
	return key->type->facts;
}

static enum sp_status
generate(struct sp_key *key, unsigned bits)
{
	const struct ecdsa_curve *curve = curve_of(key);

	if (bits != 0 && bits != curve->bits)
		return SP_ERR_KEY_SIZE;
	key->pair = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve->group);
	return key->pair == NULL ? SP_ERR_CRYPTO : SP_OK;
}

static size_t
point_len(const struct ecdsa_curve *curve)
{
	return 1 + 2 * curve->field_len;
}

static enum sp_status
write_public(const struct sp_key *key, struct writer *w)
{
	const struct ecdsa_curve *curve = curve_of(key);
	uint8_t point[POINT_MAX];
	size_t len = 0;

	if (EVP_PKEY_get_octet_string_param(key->pair, OSSL_PKEY_PARAM_PUB_KEY,
		point, sizeof point, &len) != 1 ||
	    len != point_len(curve) || point[0] != UNCOMPRESSED)
		return SP_ERR_CRYPTO;
	writer_cstring(w, curve->name);
	writer_string(w, view_of(point, len));
	return SP_OK;
}

/* OpenSSL looks whether the point is on the curve; their order is prime. */
static enum sp_status
build(const struct ecdsa_curve *curve, struct sp_view point,
    const struct sp_view *scalar, EVP_PKEY **pair)
{
	struct pkey_builder b;

	if (point.len != point_len(curve) || point.data[0] != UNCOMPRESSED)
		return SP_ERR_KEY_FORMAT;
	pkey_builder_init(&b);
	pkey_builder_text(&b, OSSL_PKEY_PARAM_GROUP_NAME, curve->group);
	pkey_builder_bytes(&b, OSSL_PKEY_PARAM_PUB_KEY, point);
	if (scalar != NULL)
		pkey_builder_number(&b, OSSL_PKEY_PARAM_PRIV_KEY, *scalar);
	return pkey_builder_finish(&b, "EC",
	    scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, pair);
}

/* The scalar is below the order, and its multiple is the point. */
static enum sp_status
check_pair(EVP_PKEY *pair)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL);
	bool is_pair;

	if (ctx == NULL)
		return SP_ERR_MEMORY;
	is_pair = EVP_PKEY_private_check(ctx) == 1 &&
	    EVP_PKEY_pairwise_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	return is_pair ? SP_OK : SP_ERR_KEY_FORMAT;
}

static enum sp_status
read_private(struct sp_key *key, struct reader *r)
{
	const struct ecdsa_curve *curve = curve_of(key);
	struct sp_view name = reader_string(r);
	struct sp_view point = reader_string(r);
	struct sp_view scalar = reader_mpint(r);
	enum sp_status status;

	if (r->failed || !view_equal_string(name, curve->name) ||
	    scalar.len == 0 || scalar.len > curve->field_len)
		return SP_ERR_KEY_FORMAT;
	status = build(curve, point, &scalar, &key->pair);
	return status == SP_OK ? check_pair(key->pair) : status;
}

static enum sp_status
write_private(const struct sp_key *key, struct writer *w)
{
	enum sp_status status = write_public(key, w);

	if (status == SP_OK)
		status =
		    pkey_write_mpint(key->pair, OSSL_PKEY_PARAM_PRIV_KEY, w);
	return status;
}

static void
write_number(struct writer *w, const BIGNUM *number)
{
	uint8_t bytes[FIELD_MAX];
	int len = BN_num_bytes(number);

	BN_bn2bin(number, bytes);
	writer_mpint(w, view_of(bytes, (size_t)len));
}

/* OpenSSL gives r and s in DER; RFC 5656 3.1.2 wants two mpints. */
static enum sp_status
sign(const struct sp_key *key, const struct pubkey_algorithm *algorithm,
    struct sp_view data, struct writer *w)
{
	const char *digest = curve_of(key)->digest;
	uint8_t der[DER_MAX];
	const uint8_t *at = der;
	size_t len = sizeof der;
	ECDSA_SIG *pair;
	enum sp_status status = pkey_sign(key->pair, digest, data, der, &len);

	(void)algorithm; /* there is only one */
	if (status != SP_OK)
		return status;
	pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
	if (pair == NULL)
		return SP_ERR_MEMORY;
	write_number(w, ECDSA_SIG_get0_r(pair));
	write_number(w, ECDSA_SIG_get0_s(pair));
	ECDSA_SIG_free(pair);
	return SP_OK;
}

/* In DER, for OpenSSL. */
static enum sp_status
pack(struct sp_view r, struct sp_view s, uint8_t der[DER_MAX], size_t *len)
{
	BIGNUM *r_number = BN_bin2bn(r.data, (int)r.len, NULL);
	BIGNUM *s_number = BN_bin2bn(s.data, (int)s.len, NULL);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	uint8_t *at = der;
	int written = 0;

	if (r_number != NULL && s_number != NULL && pair != NULL &&
	    ECDSA_SIG_set0(pair, r_number, s_number) == 1) {
		r_number = NULL; /* the pair's now */
		s_number = NULL;
		written = i2d_ECDSA_SIG(pair, &at);
	}
	ECDSA_SIG_free(pair);
	BN_free(s_number);
	BN_free(r_number);
	*len = written > 0 ? (size_t)written : 0;
	return written > 0 ? SP_OK : SP_ERR_MEMORY;
}

/* OpenSSL checks that both are below the group's order. */
static enum sp_status
verify_with(EVP_PKEY *pair, const struct ecdsa_curve *curve,
    struct sp_view data, struct sp_view signature)
{
	struct sp_view r, s;
	struct reader in;
	uint8_t der[DER_MAX];
	size_t len;
	enum sp_status status;

	reader_init(&in, signature);
	r = reader_mpint(&in);
	s = reader_mpint(&in);
	if (reader_finish(&in) != SP_OK || r.len == 0 || s.len == 0 ||
	    r.len > curve->field_len || s.len > curve->field_len)
		return SP_ERR_SIGNATURE;
	status = pack(r, s, der, &len);
	if (status != SP_OK)
		return status;
	return pkey_verify(pair, curve->digest, data, view_of(der, len));
}

enum sp_status
ecdsa_verify(const struct ecdsa_curve *curve, struct sp_view curve_name,
    struct sp_view point, struct sp_view data, struct sp_view signature)
{
	EVP_PKEY *pair = NULL;
	enum sp_status status;

	if (!view_equal_string(curve_name, curve->name))
		return SP_ERR_KEY_FORMAT;
	status = build(curve, point, NULL, &pair);
	if (status == SP_OK)
		status = verify_with(pair, curve, data, signature);
	EVP_PKEY_free(pair);
	return status;
}

static enum sp_status
verify(const struct pubkey_claim *claim)
{
	struct sp_view name, point;
	struct reader r;

	reader_init(&r, claim->fields);
	name = reader_string(&r);
	point = reader_string(&r);
	if (reader_finish(&r) != SP_OK)
		return SP_ERR_KEY_FORMAT;
	return ecdsa_verify(
	    claim->type->facts, name, point, claim->data, claim->signature);
}

static const struct pubkey_algorithm nistp256_algorithms[] = {
	{ .name = "ecdsa-sha2-nistp256" },
	{ .name = NULL },
};

static const struct pubkey_algorithm nistp384_algorithms[] = {
	{ .name = "ecdsa-sha2-nistp384" },
	{ .name = NULL },
};

static const struct pubkey_algorithm nistp521_algorithms[] = {
	{ .name = "ecdsa-sha2-nistp521" },
	{ .name = NULL },
};

/* Nobody can say how NIST chose its curves: not for "modern" host keys. */
#define FUNCTIONS \
	.generate = generate, .write_public = write_public, \
	.read_private = read_private, .write_private = write_private, \
	.sign = sign, .verify = verify

const struct pubkey_type ecdsa_nistp256_type = {
	.name = "ecdsa-sha2-nistp256",
	.algorithms = nistp256_algorithms,
	.host_set = ALGORITHM_COMPATIBLE,
	.user_set = ALGORITHM_MODERN,
	.facts = &ecdsa_nistp256,
	FUNCTIONS,
};

const struct pubkey_type ecdsa_nistp384_type = {
	.name = "ecdsa-sha2-nistp384",
	.algorithms = nistp384_algorithms,
	.host_set = ALGORITHM_COMPATIBLE,
	.user_set = ALGORITHM_MODERN,
	.facts = &nistp384,
	FUNCTIONS,
};

const struct pubkey_type ecdsa_nistp521_type = {
	.name = "ecdsa-sha2-nistp521",
	.algorithms = nistp521_algorithms,
	.host_set = ALGORITHM_COMPATIBLE,
	.user_set = ALGORITHM_MODERN,
	.facts = &nistp521,
	FUNCTIONS,
};
