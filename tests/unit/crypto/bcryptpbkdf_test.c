/* bcrypt_pbkdf and the Blowfish inside it, by known answers. */
#include "lib/crypto/bcryptpbkdf.h"

#include "lib/crypto/blowfish.h"
#include "tests/unit/hex.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sp_crypto *crypto;

/* Some of the vectors that come with Blowfish: key, block, result. */
static void
blowfish_gives_its_own_answers(void **unused)
{
	static const struct {
		const char *key;
		uint32_t block[2], result[2];
	} rows[] = {
		{ "0000000000000000", { 0, 0 }, { 0x4ef99745, 0x6198dd78 } },
		{ "ffffffffffffffff", { 0xffffffff, 0xffffffff },
		    { 0x51866fd5, 0xb85ecb8a } },
		{ "0123456789abcdef", { 0x11111111, 0x11111111 },
		    { 0x61f9c380, 0x2281b096 } },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct blowfish state = blowfish_start;
		uint32_t block[2] = { rows[i].block[0], rows[i].block[1] };
		uint8_t key[8];

		blowfish_expand(
		    &state, view_of(NULL, 0), hex_bytes(rows[i].key, key));
		blowfish_encipher(&state, block);
		assert_int_equal(block[0], rows[i].result[0]);
		assert_int_equal(block[1], rows[i].result[1]);
	}
}

/* Those of OpenBSD's bcrypt_pbkdf(3). */
static void
derivation_gives_the_answers_of_openbsd(void **unused)
{
	static const struct {
		uint32_t rounds;
		struct sp_view passphrase, salt;
		const char *result;
	} rows[] = {
		{ 4, { (const uint8_t *)"password", 8 },
		    { (const uint8_t *)"salt", 4 },
		    "5bbf0cc293587f1c3635555c27796598"
		    "d47e579071bf427e9d8fbe842aba34d9" },
		{ 4, { (const uint8_t *)"password", 8 },
		    { (const uint8_t *)"\0", 1 },
		    "c12b566235eee04c212598970a579a67" },
		{ 4, { (const uint8_t *)"\0", 1 },
		    { (const uint8_t *)"salt", 4 },
		    "6051be18c2f4f82cbf0efee5471b4bb9" },
		{ 8, { (const uint8_t *)"password", 8 },
		    { (const uint8_t *)"salt", 4 },
		    "e1367ec5151a33faac4cc1c144cd23fa"
		    "15d5548493ecc99b9b5d9c0d3b27bec7"
		    "6227ea66088b849b20ab7aa478010246"
		    "e74bba51723fefa9f9474d6508845e8d" },
		{ 42, { (const uint8_t *)"password", 8 },
		    { (const uint8_t *)"salt", 4 },
		    "833cf0dcf56db65608e8f0dc0ce882bd" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t expected[64], out[64];
		size_t len = hex_bytes(rows[i].result, expected).len;

		assert_int_equal(bcryptpbkdf(crypto, rows[i].passphrase,
				     rows[i].salt, rows[i].rounds, out, len),
		    SP_OK);
		assert_memory_equal(out, expected, len);
	}
}

static void
nothing_is_derived_from_nothing(void **unused)
{
	const struct sp_view text = view_of_string("text");
	const struct sp_view nothing = view_of(NULL, 0);
	uint8_t out[1];

	(void)unused;
	assert_int_equal(
	    bcryptpbkdf(crypto, nothing, text, 1, out, 1), SP_ERR_ARGUMENT);
	assert_int_equal(
	    bcryptpbkdf(crypto, text, nothing, 1, out, 1), SP_ERR_ARGUMENT);
	assert_int_equal(
	    bcryptpbkdf(crypto, text, text, 0, out, 1), SP_ERR_ARGUMENT);
	assert_int_equal(
	    bcryptpbkdf(crypto, text, text, 1, out, 0), SP_ERR_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blowfish_gives_its_own_answers),
		cmocka_unit_test(derivation_gives_the_answers_of_openbsd),
		cmocka_unit_test(nothing_is_derived_from_nothing),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
