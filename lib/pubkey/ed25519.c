/* ssh-ed25519: RFC 8709 on the wire, RFC 8032 inside. */
#include "lib/pubkey/ed25519.h"

#include "lib/pubkey/pkey.h"
#include "lib/pubkey/pubkey.h"

#include <openssl/crypto.h>

enum { PUBLIC_LEN = 32, SEED_LEN = 32, SIGNATURE_LEN = 64, BITS = 256 };

static const struct pubkey_algorithm algorithms[] = {
	{ .name = "ssh-ed25519" },
	{ .name = NULL },
};

/*
 * The y coordinates of the points of small order, little-endian. Signatures
 * that hold for a key among them say nothing about a private key.
 */
static const uint8_t small_order[][PUBLIC_LEN] = {
	{ 0 },
	{ 1 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	    0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	    0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	    0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

/* y must be below 2^255 - 19: 0x7fff...ed and above are second names. */
static bool
is_canonical(const uint8_t y[PUBLIC_LEN])
{
	if (y[PUBLIC_LEN - 1] != 0x7f || y[0] < 0xed)
		return true;
	for (size_t i = 1; i < PUBLIC_LEN - 1; i++)
		if (y[i] != 0xff)
			return true;
	return false;
}

static bool
is_acceptable(struct sp_view point)
{
	uint8_t y[PUBLIC_LEN];

	memcpy(y, point.data, PUBLIC_LEN);
	y[PUBLIC_LEN - 1] &= 0x7f; /* the sign of x */
	if (!is_canonical(y))
		return false;
	for (size_t i = 0; i < sizeof small_order / sizeof small_order[0]; i++)
		if (memcmp(y, small_order[i], PUBLIC_LEN) == 0)
			return false;
	return true;
}

static enum sp_status
generate(struct sp_key *key, unsigned bits)
{
	if (bits != 0 && bits != BITS)
		return SP_ERR_KEY_SIZE;
	key->pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return key->pair == NULL ? SP_ERR_CRYPTO : SP_OK;
}

static enum sp_status
public_of(EVP_PKEY *pair, uint8_t public_part[PUBLIC_LEN])
{
	size_t len = PUBLIC_LEN;

	if (EVP_PKEY_get_raw_public_key(pair, public_part, &len) != 1 ||
	    len != PUBLIC_LEN)
		return SP_ERR_CRYPTO;
	return SP_OK;
}

static enum sp_status
write_public(const struct sp_key *key, struct writer *w)
{
	uint8_t public_part[PUBLIC_LEN];
	enum sp_status status = public_of(key->pair, public_part);

	if (status == SP_OK)
		writer_string(w, view_of(public_part, PUBLIC_LEN));
	return status;
}

/*
 * A file holds the public part twice more: a signature made with one that
 * is not the seed's own would give the private key away.
 */
static enum sp_status
read_private(struct sp_key *key, struct reader *r)
{
	struct sp_view public_part = reader_string(r);
	struct sp_view both = reader_string(r);
	uint8_t derived[PUBLIC_LEN];
	enum sp_status status;

	if (public_part.len != PUBLIC_LEN || both.len != SEED_LEN + PUBLIC_LEN)
		return SP_ERR_KEY_FORMAT;
	key->pair = EVP_PKEY_new_raw_private_key_ex(
	    NULL, "ED25519", NULL, both.data, SEED_LEN);
	if (key->pair == NULL)
		return SP_ERR_CRYPTO;
	status = public_of(key->pair, derived);
	if (status != SP_OK)
		return status;
	if (memcmp(derived, public_part.data, PUBLIC_LEN) != 0 ||
	    memcmp(derived, both.data + SEED_LEN, PUBLIC_LEN) != 0)
		return SP_ERR_KEY_FORMAT;
	return SP_OK;
}

static enum sp_status
write_private(const struct sp_key *key, struct writer *w)
{
	uint8_t both[SEED_LEN + PUBLIC_LEN];
	size_t len = SEED_LEN;
	enum sp_status status = SP_ERR_CRYPTO;

	if (EVP_PKEY_get_raw_private_key(key->pair, both, &len) == 1 &&
	    len == SEED_LEN)
		status = public_of(key->pair, both + SEED_LEN);
	if (status == SP_OK) {
		writer_string(w, view_of(both + SEED_LEN, PUBLIC_LEN));
		writer_string(w, view_of(both, sizeof both));
	}
	OPENSSL_cleanse(both, sizeof both);
	return status;
}

static enum sp_status
sign(const struct sp_key *key, const struct pubkey_algorithm *algorithm,
    struct sp_view data, struct writer *w)
{
	uint8_t signature[SIGNATURE_LEN];
	size_t len = sizeof signature;
	enum sp_status status =
	    pkey_sign(key->pair, algorithm->digest, data, signature, &len);

	if (status == SP_OK)
		writer_bytes(w, view_of(signature, len));
	return status;
}

/* OpenSSL checks that S is below the group's order, R by its encoding. */
enum sp_status
ed25519_verify(
    struct sp_view point, struct sp_view data, struct sp_view signature)
{
	EVP_PKEY *pair;
	enum sp_status status;

	if (point.len != PUBLIC_LEN || !is_acceptable(point))
		return SP_ERR_KEY_FORMAT;
	if (signature.len != SIGNATURE_LEN)
		return SP_ERR_SIGNATURE;
	pair = EVP_PKEY_new_raw_public_key_ex(
	    NULL, "ED25519", NULL, point.data, point.len);
	if (pair == NULL)
		return SP_ERR_CRYPTO;
	status = pkey_verify(pair, NULL, data, signature);
	EVP_PKEY_free(pair);
	return status;
}

static enum sp_status
verify(const struct pubkey_claim *claim)
{
	struct sp_view point;
	struct reader r;

	reader_init(&r, claim->fields);
	point = reader_string(&r);
	if (reader_finish(&r) != SP_OK)
		return SP_ERR_KEY_FORMAT;
	return ed25519_verify(point, claim->data, claim->signature);
}

const struct pubkey_type ed25519_type = {
	.name = "ssh-ed25519",
	.algorithms = algorithms,
	.host_set = ALGORITHM_MODERN,
	.user_set = ALGORITHM_MODERN,
	.generate = generate,
	.write_public = write_public,
	.read_private = read_private,
	.write_private = write_private,
	.sign = sign,
	.verify = verify,
};
