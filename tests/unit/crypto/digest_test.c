/* Digests: FIPS 180 and RFC 4231, whole and in pieces. */
#include "lib/crypto/digest.h"
#include "tests/unit/hex.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sp_crypto *crypto;

static const char long_key_text[] =
    "Test Using Larger Than Block-Size Key - Hash Key First";

static void
assert_hex(const uint8_t *bytes, const char *hex)
{
	uint8_t room[DIGEST_MAX];
	struct sp_view expected = hex_bytes(hex, room);

	assert_memory_equal(bytes, expected.data, expected.len);
}

static void
known_hashes_come_out(void **unused)
{
	static const struct {
		enum digest_kind kind;
		const char *text, *hash;
	} rows[] = {
		{ DIGEST_SHA256, "",
		    "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855" },
		{ DIGEST_SHA256, "abc",
		    "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ DIGEST_SHA384, "abc",
		    "cb00753f45a35e8bb5a03d699ac65007"
		    "272c32ab0eded1631a8b605a43ff5bed"
		    "8086072ba1e7cc2358baeca134c825a7" },
		{ DIGEST_SHA512, "abc",
		    "ddaf35a193617abacc417349ae204131"
		    "12e6fa4e89a97ea20a9eeee64b55d39a"
		    "2192992a274fc1a836ba3c23a3feebbd"
		    "454d4423643ce80e2a9ac94fa54ca49f" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view text = view_of_string(rows[i].text);
		uint8_t out[DIGEST_MAX];

		assert_int_equal(
		    digest_of(crypto, rows[i].kind, &text, 1, out), SP_OK);
		assert_hex(out, rows[i].hash);
	}
}

/* RFC 4231, cases 2 and 6, and an empty key. */
static void
known_hmacs_come_out(void **unused)
{
	uint8_t key_of_131[131];
	const struct {
		enum digest_kind kind;
		struct sp_view key;
		const char *text, *mac;
	} rows[] = {
		{ DIGEST_SHA256, view_of_string("Jefe"),
		    "what do ya want for nothing?",
		    "5bdcc146bf60754e6a042426089575c7"
		    "5a003f089d2739839dec58b964ec3843" },
		{ DIGEST_SHA512, view_of_string("Jefe"),
		    "what do ya want for nothing?",
		    "164b7a7bfcf819e2e395fbe73b56e0a3"
		    "87bd64222e831fd610270cd7ea250554"
		    "9758bf75c05a994a6d034f65f8f0e6fd"
		    "caeab1a34d4a6b4b636e070a38bce737" },
		{ DIGEST_SHA256, view_of(key_of_131, sizeof key_of_131),
		    long_key_text,
		    "60e431591ee0b67f0d8a26aacbf5b77f"
		    "8e0bc6213728c5140546040f0ee37f54" },
		{ DIGEST_SHA256, view_of(NULL, 0), "",
		    "b613679a0814d9ec772f95d778c35fc5"
		    "ff1697c493715653c6c712144292c5ad" },
	};

	(void)unused;
	memset(key_of_131, 0xaa, sizeof key_of_131);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view text = view_of_string(rows[i].text);
		uint8_t out[DIGEST_MAX];

		assert_int_equal(digest_hmac(crypto, rows[i].kind, rows[i].key,
				     &text, 1, out),
		    SP_OK);
		assert_hex(out, rows[i].mac);
	}
}

static void
pieces_are_hashed_as_one(void **unused)
{
	const struct sp_view pieces[] = {
		view_of_string("a"),
		view_of(NULL, 0),
		view_of_string("bc"),
	};
	const struct sp_view whole = view_of_string("abc");
	uint8_t out[DIGEST_MAX], expected[DIGEST_MAX];

	(void)unused;
	assert_int_equal(
	    digest_of(crypto, DIGEST_SHA256, &whole, 1, expected), SP_OK);
	assert_int_equal(
	    digest_of(crypto, DIGEST_SHA256, pieces, 3, out), SP_OK);
	assert_memory_equal(out, expected, digest_len(DIGEST_SHA256));
	assert_int_equal(
	    digest_hmac(crypto, DIGEST_SHA512, whole, &whole, 1, expected),
	    SP_OK);
	assert_int_equal(
	    digest_hmac(crypto, DIGEST_SHA512, whole, pieces, 3, out), SP_OK);
	assert_memory_equal(out, expected, digest_len(DIGEST_SHA512));
}

static void
lengths_are_those_of_the_standards(void **unused)
{
	(void)unused;
	assert_int_equal(digest_len(DIGEST_SHA256), 32);
	assert_int_equal(digest_len(DIGEST_SHA384), 48);
	assert_int_equal(digest_len(DIGEST_SHA512), 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_hashes_come_out),
		cmocka_unit_test(known_hmacs_come_out),
		cmocka_unit_test(pieces_are_hashed_as_one),
		cmocka_unit_test(lengths_are_those_of_the_standards),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
