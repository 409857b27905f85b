/* ssh-ed25519: RFC 8032's vectors, and what must not verify. */
#include "lib/pubkey/ed25519.h"
#include "lib/pubkey/pubkey.h"
#include "tests/unit/hex.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sp_crypto *crypto;

static const char name[] = "ssh-ed25519";

/* RFC 8032 7.1: tests 1 to 3 and SHA(abc). */
static const struct {
	const char *seed, *public_part, *message, *signature;
} vectors[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	    "",
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100"
	    "b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	    "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c0"
	    "0" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	    "af82",
	    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40"
	    "a" },
	{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
	    "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a70"
	    "4" },
};

/* Views into the room of one vector, in the wire's form. */
struct known {
	struct buffer blob;
	struct buffer signature;
	struct sp_view message;
	uint8_t message_room[64];
};

static void
put_two_strings(struct buffer *b, struct sp_view second)
{
	struct writer w;

	buffer_init(b, 256);
	writer_init(&w, b);
	writer_cstring(&w, name);
	writer_string(&w, second);
	assert_int_equal(writer_finish(&w), SP_OK);
}

static void
known_init(struct known *known, size_t i)
{
	uint8_t room[64];

	put_two_strings(&known->blob, hex_bytes(vectors[i].public_part, room));
	put_two_strings(
	    &known->signature, hex_bytes(vectors[i].signature, room));
	known->message = hex_bytes(vectors[i].message, known->message_room);
}

static void
known_clear(struct known *known)
{
	buffer_clear(&known->blob);
	buffer_clear(&known->signature);
}

static enum sp_status
verify_known(const struct known *known)
{
	return sp_key_verify(crypto, buffer_view(&known->blob),
	    view_of_string(name), known->message,
	    buffer_view(&known->signature));
}

static struct sp_key *
key_with_seed(size_t i)
{
	uint8_t both[64];
	struct sp_key *key = NULL;
	struct buffer fields;
	struct writer w;
	struct reader r;

	hex_bytes(vectors[i].seed, both);
	hex_bytes(vectors[i].public_part, both + 32);
	buffer_init(&fields, 256);
	writer_init(&w, &fields);
	writer_string(&w, view_of(both + 32, 32));
	writer_string(&w, view_of(both, 64));
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_int_equal(pubkey_new(crypto, &ed25519_type, &key), SP_OK);
	reader_init(&r, buffer_view(&fields));
	assert_int_equal(ed25519_type.read_private(key, &r), SP_OK);
	assert_int_equal(reader_finish(&r), SP_OK);
	assert_int_equal(pubkey_make_blob(key), SP_OK);
	buffer_clear(&fields);
	return key;
}

static void
the_vectors_of_rfc_8032_hold(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct sp_key *key = key_with_seed(i);
		uint8_t room[SP_SIGNATURE_MAX];
		struct known known;
		size_t len;

		known_init(&known, i);
		assert_true(
		    view_equal(sp_key_blob(key), buffer_view(&known.blob)));
		assert_int_equal(
		    sp_key_sign(key, name, known.message, room, &len), SP_OK);
		assert_true(view_equal(
		    view_of(room, len), buffer_view(&known.signature)));
		assert_int_equal(verify_known(&known), SP_OK);
		known_clear(&known);
		sp_key_free(key);
	}
}

static void
every_changed_bit_of_a_signature_is_noticed(void **unused)
{
	struct known known;

	(void)unused;
	known_init(&known, 2);
	for (size_t bit = 0; bit < 8 * buffer_len(&known.signature); bit++) {
		uint8_t *byte = known.signature.data + bit / 8;

		*byte ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(verify_known(&known), SP_ERR_SIGNATURE);
		*byte ^= (uint8_t)(1U << bit % 8);
	}
	known_clear(&known);
}

static void
every_truncation_and_a_byte_too_many_are_refused(void **unused)
{
	struct known known;

	(void)unused;
	known_init(&known, 1);
	assert_int_equal(
	    buffer_append(&known.signature, view_of("", 1)), SP_OK);
	assert_int_equal(verify_known(&known), SP_ERR_SIGNATURE);
	buffer_truncate(&known.signature, buffer_len(&known.signature) - 1);
	for (size_t len = buffer_len(&known.signature); len > 0; len--) {
		buffer_truncate(&known.signature, len - 1);
		assert_int_equal(verify_known(&known), SP_ERR_SIGNATURE);
	}
	known_clear(&known);
	known_init(&known, 1);
	assert_int_equal(buffer_append(&known.blob, view_of("", 1)), SP_OK);
	assert_int_equal(verify_known(&known), SP_ERR_KEY_FORMAT);
	for (size_t len = buffer_len(&known.blob) - 1; len > 0; len--) {
		buffer_truncate(&known.blob, len - 1);
		/* Cut behind its name it is still of this type. */
		assert_int_equal(verify_known(&known), SP_ERR_KEY_FORMAT);
	}
	known_clear(&known);
}

static void
an_s_past_the_groups_order_is_refused(void **unused)
{
	/* L, little-endian: S and S + L verify alike if nobody looks. */
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63,
		0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
		0x14, [31] = 0x10 };
	struct known known;
	unsigned carry = 0;
	uint8_t *s;

	(void)unused;
	known_init(&known, 0);
	s = known.signature.data + buffer_len(&known.signature) - 32;
	for (size_t i = 0; i < sizeof order; i++) {
		carry += (unsigned)s[i] + order[i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(verify_known(&known), SP_ERR_SIGNATURE);
	known_clear(&known);
}

static BIGNUM *
digest_number(const uint8_t *data, size_t len, size_t used, bool is_secret)
{
	uint8_t hash[64];

	assert_int_equal(
	    EVP_Q_digest(NULL, "SHA512", NULL, data, len, hash, NULL), 1);
	/* RFC 8032 5.1.5 */
	if (is_secret) {
		hash[0] &= 248;
		hash[31] &= 127;
		hash[31] |= 64;
	}
	return BN_lebin2bn(hash, (int)used, NULL);
}

/* S for an R that is the neutral point, in this encoding: k * a mod L. */
static void
sign_with_neutral_r(size_t i, const uint8_t encoding[32], uint8_t s[32])
{
	uint8_t seed[32], hashed[128];
	struct sp_view seed_view = hex_bytes(vectors[i].seed, seed);
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *a = digest_number(seed, seed_view.len, 32, true), *k;
	BIGNUM *order = NULL;
	size_t len;

	memcpy(hashed, encoding, 32);
	hex_bytes(vectors[i].public_part, hashed + 32);
	len = 64 + hex_bytes(vectors[i].message, hashed + 64).len;
	k = digest_number(hashed, len, 64, false);
	assert_int_not_equal(
	    BN_hex2bn(&order,
		"1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3"
		"ed"),
	    0);
	assert_int_equal(BN_mod_mul(k, k, a, order, ctx), 1);
	assert_int_equal(BN_bn2lebinpad(k, s, 32), 32);
	BN_free(order);
	BN_free(k);
	BN_free(a);
	BN_CTX_free(ctx);
}

/* 1 and p + 1 are the same y, and the sign of an x that is 0 says nothing. */
static void
r_is_encoded_in_one_way_alone(void **unused)
{
	static const char *const neutral[] = {
		"01000000000000000000000000000000"
		"00000000000000000000000000000000",
		"01000000000000000000000000000000"
		"00000000000000000000000000000080",
		"eeffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffffff",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof neutral / sizeof neutral[0]; i++) {
		uint8_t both[64];
		struct known known;

		hex_bytes(neutral[i], both);
		sign_with_neutral_r(1, both, both + 32);
		known_init(&known, 1);
		buffer_clear(&known.signature);
		put_two_strings(&known.signature, view_of(both, 64));
		assert_int_equal(
		    verify_known(&known), i == 0 ? SP_OK : SP_ERR_SIGNATURE);
		known_clear(&known);
	}
}

/*
 * With a public key of order 1, R = [S]B verifies for every message. So
 * do others of small order for some messages; none may be a key at all.
 */
static void
keys_of_small_order_are_refused(void **unused)
{
	static const char *const points[] = {
		"01000000000000000000000000000000"
		"00000000000000000000000000000000",
		"01000000000000000000000000000000"
		"00000000000000000000000000000080",
		"00000000000000000000000000000000"
		"00000000000000000000000000000000",
		"00000000000000000000000000000000"
		"00000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffffff",
		"26e8958fc2b227b045c3f489f2ef98f0"
		"d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0"
		"d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f"
		"2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f"
		"2a2053fa2c39ccc64ec7fd7792ac03fa",
		/* second names: p, p + 1, and the largest */
		"edffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffffff",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		struct known known;
		uint8_t room[32];

		known_init(&known, 0);
		buffer_clear(&known.blob);
		put_two_strings(&known.blob, hex_bytes(points[i], room));
		assert_int_equal(verify_known(&known), SP_ERR_KEY_FORMAT);
		known_clear(&known);
	}
}

static void
names_must_agree_everywhere(void **unused)
{
	struct sp_view other = view_of_string("ssh-ed25518");
	uint8_t room[SP_SIGNATURE_MAX];
	struct sp_key *key = key_with_seed(0);
	struct known known;
	size_t len;

	(void)unused;
	known_init(&known, 0);
	assert_int_equal(sp_key_verify(crypto, buffer_view(&known.blob), other,
			     known.message, buffer_view(&known.signature)),
	    SP_ERR_KEY_TYPE);
	known.signature.data[4 + sizeof name - 2] = '8';
	assert_int_equal(verify_known(&known), SP_ERR_SIGNATURE);
	known.blob.data[4 + sizeof name - 2] = '8';
	assert_int_equal(verify_known(&known), SP_ERR_KEY_TYPE);
	assert_int_equal(sp_key_sign(key, "ssh-rsa", known.message, room, &len),
	    SP_ERR_KEY_TYPE);
	known_clear(&known);
	sp_key_free(key);
}

static void
a_private_key_that_does_not_fit_its_public_part_is_refused(void **unused)
{
	(void)unused;
	for (size_t bit = 0; bit < 8 * 32; bit++) {
		uint8_t both[64];
		struct sp_key *key = NULL;
		struct buffer fields;
		struct writer w;
		struct reader r;

		hex_bytes(vectors[0].seed, both);
		hex_bytes(vectors[0].public_part, both + 32);
		both[32 + bit / 8] ^= (uint8_t)(1U << bit % 8);
		buffer_init(&fields, 256);
		writer_init(&w, &fields);
		writer_string(&w, view_of(both + 32, 32));
		writer_string(&w, view_of(both, 64));
		assert_int_equal(
		    pubkey_new(crypto, &ed25519_type, &key), SP_OK);
		reader_init(&r, buffer_view(&fields));
		assert_int_equal(
		    ed25519_type.read_private(key, &r), SP_ERR_KEY_FORMAT);
		buffer_clear(&fields);
		sp_key_free(key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_8032_hold),
		cmocka_unit_test(every_changed_bit_of_a_signature_is_noticed),
		cmocka_unit_test(
		    every_truncation_and_a_byte_too_many_are_refused),
		cmocka_unit_test(an_s_past_the_groups_order_is_refused),
		cmocka_unit_test(r_is_encoded_in_one_way_alone),
		cmocka_unit_test(keys_of_small_order_are_refused),
		cmocka_unit_test(names_must_agree_everywhere),
		cmocka_unit_test(
		    a_private_key_that_does_not_fit_its_public_part_is_refused),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
