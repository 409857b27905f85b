/*
 * X25519: the vectors of RFC 7748, both sides of an agreement, and values
 * that must end it. The source is included: no caller may choose a private
 * key, so only from inside can a known one be given.
 */
#include "lib/crypto/x25519.c"
#include "tests/unit/hex.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sp_crypto *crypto;

static enum sp_status
agree_with(const char *scalar, const char *point, struct secret *shared)
{
	uint8_t private_room[X25519_LEN], point_room[X25519_LEN];
	struct sp_view private_part = hex_bytes(scalar, private_room);
	EVP_PKEY *pair = EVP_PKEY_new_raw_private_key_ex(
	    NULL, "X25519", NULL, private_part.data, private_part.len);
	enum sp_status status =
	    agree(pair, hex_bytes(point, point_room), shared);

	EVP_PKEY_free(pair);
	return status;
}

static void
the_vectors_of_rfc_7748_hold(void **unused)
{
	static const struct {
		const char *scalar, *point, *shared;
	} rows[] = {
		/* 5.2 */
		{ "a546e36bf0527c9d3b16154b82465edd"
		  "62144c0ac1fc5a18506a2244ba449ac4",
		    "e6db6867583030db3594c1a424b15f7c"
		    "726624ec26b3353b10a903a6d0ab1c4c",
		    "c3da55379de9c6908e94ea4df28d084f"
		    "32eccf03491c71f754b4075577a28552" },
		{ "4b66e9d4d1b4673c5ad22691957d6af5"
		  "c11b6421e0ea01d42ca4169e7918ba0d",
		    "e5210f12786811d3f4b7959d0538ae2c"
		    "31dbe7106fc03c3efc4cd549c715a493",
		    "95cbde9476e8907d7aade45cb4b873f8"
		    "8b595a68799fa152e6f8f7647aac7957" },
		/* 6.1, as Alice and as Bob */
		{ "77076d0a7318a57d3c16c17251b26645"
		  "df4c2f87ebc0992ab177fba51db92c2a",
		    "de9edb7d7b7dc1b4d35b61c2ece43537"
		    "3f8343c85b78674dadfc7e146f882b4f",
		    "4a5d9d5ba4ce2de1728e3bf480350f25"
		    "e07e21c947d19e3376f09b3c1e161742" },
		{ "5dab087e624a8a4b79e17f8b83800ee6"
		  "6f3bb1292618b6fd1c2f8b27ff88e0eb",
		    "8520f0098930a754748b7ddcb43ef75a"
		    "0dbf3a0d26381af4eba4a98eaa9b4e6a",
		    "4a5d9d5ba4ce2de1728e3bf480350f25"
		    "e07e21c947d19e3376f09b3c1e161742" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct secret shared = { NULL, 0 };
		uint8_t expected[X25519_LEN];

		hex_bytes(rows[i].shared, expected);
		assert_int_equal(
		    agree_with(rows[i].scalar, rows[i].point, &shared), SP_OK);
		assert_int_equal(shared.len, X25519_LEN);
		assert_memory_equal(shared.data, expected, X25519_LEN);
		secret_clear(&shared);
	}
}

/* Every u coordinate of small order, in each of its encodings. */
static const char *const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void
a_value_of_low_order_ends_the_agreement(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 2 * sizeof low_order / sizeof low_order[0];
	     i++) {
		struct secret shared = { NULL, 0 };
		struct agreement_state *state = NULL;
		struct buffer ours;
		uint8_t value[X25519_LEN];
		struct sp_view peer = hex_bytes(low_order[i / 2], value);

		/* The top bit does not count, so it hides nothing. */
		if (i % 2 == 1)
			value[X25519_LEN - 1] |= 0x80;
		buffer_init(&ours, 64);
		assert_int_equal(agreement_respond(&x25519_agreement, crypto,
				     peer, &ours, &shared),
		    SP_ERR_KEX_VALUE);
		assert_int_equal(buffer_len(&ours), 0);
		assert_int_equal(
		    agreement_start(&x25519_agreement, crypto, &ours, &state),
		    SP_OK);
		assert_int_equal(
		    agreement_finish(state, peer, &shared), SP_ERR_KEX_VALUE);
		assert_null(shared.data);
		agreement_free(state);
		buffer_clear(&ours);
	}
}

static void
both_sides_come_to_one_secret(void **unused)
{
	struct secret ours = { NULL, 0 }, theirs = { NULL, 0 };
	struct buffer to_server, to_client;
	struct agreement_state *state = NULL;

	(void)unused;
	buffer_init(&to_server, 64);
	buffer_init(&to_client, 64);
	assert_int_equal(
	    buffer_append(&to_server, view_of("before", 6)), SP_OK);
	assert_int_equal(
	    agreement_start(&x25519_agreement, crypto, &to_server, &state),
	    SP_OK);
	assert_int_equal(buffer_len(&to_server), 6 + X25519_LEN);
	buffer_consume(&to_server, 6);
	assert_int_equal(agreement_respond(&x25519_agreement, crypto,
			     buffer_view(&to_server), &to_client, &theirs),
	    SP_OK);
	assert_int_equal(
	    agreement_finish(state, buffer_view(&to_client), &ours), SP_OK);
	assert_true(view_equal(secret_view(&ours), secret_view(&theirs)));
	agreement_free(state);
	secret_clear(&ours);
	secret_clear(&theirs);
	buffer_clear(&to_server);
	buffer_clear(&to_client);
}

static void
a_value_of_wrong_length_is_refused(void **unused)
{
	uint8_t value[X25519_LEN + 1] = { 9 };
	struct secret shared = { NULL, 0 };
	struct agreement_state *state = NULL;
	struct buffer ours;

	(void)unused;
	buffer_init(&ours, 64);
	assert_int_equal(
	    agreement_start(&x25519_agreement, crypto, &ours, &state), SP_OK);
	buffer_clear(&ours);
	for (size_t len = 0; len <= sizeof value; len++) {
		enum sp_status expected =
		    len == X25519_LEN ? SP_OK : SP_ERR_KEX_VALUE;

		assert_int_equal(agreement_respond(&x25519_agreement, crypto,
				     view_of(value, len), &ours, &shared),
		    expected);
		buffer_clear(&ours);
		assert_int_equal(
		    agreement_finish(state, view_of(value, len), &shared),
		    expected);
	}
	agreement_free(state);
	agreement_free(NULL);
	secret_clear(&shared);
}

static void
a_full_buffer_ends_the_agreement(void **unused)
{
	uint8_t value[X25519_LEN] = { 9 };
	struct secret shared = { NULL, 0 };
	struct agreement_state *state = NULL;
	struct buffer ours;

	(void)unused;
	buffer_init(&ours, X25519_LEN - 1);
	assert_int_equal(
	    agreement_start(&x25519_agreement, crypto, &ours, &state),
	    SP_ERR_LIMIT);
	assert_null(state);
	assert_int_equal(agreement_respond(&x25519_agreement, crypto,
			     view_of(value, X25519_LEN), &ours, &shared),
	    SP_ERR_LIMIT);
	assert_null(shared.data);
	buffer_clear(&ours);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_7748_hold),
		cmocka_unit_test(a_value_of_low_order_ends_the_agreement),
		cmocka_unit_test(both_sides_come_to_one_secret),
		cmocka_unit_test(a_value_of_wrong_length_is_refused),
		cmocka_unit_test(a_full_buffer_ends_the_agreement),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
