/* PEM and PKCS#8: files of ssh-keygen and openssl, and what is refused. */
#include "lib/pubkey/pem.h"

#include "tests/unit/pubkey/keyring.h"

static struct sp_crypto *crypto;

static const char right[] = "correct horse";

static void
plain_files_are_read(void **unused)
{
	static const struct {
		const char *file, *public_file;
	} rows[] = {
		{ "rsa_2048_pem", "rsa_2048.pub" },
		{ "rsa_2048_pkcs8", "rsa_2048.pub" },
		{ "ecdsa_256_pem", "ecdsa_256.pub" },
		{ "ecdsa_256_pkcs8", "ecdsa_256.pub" },
		{ "ecdsa_384_pem", "ecdsa_384.pub" },
		{ "ecdsa_384_pkcs8", "ecdsa_384.pub" },
		{ "ecdsa_521_pem", "ecdsa_521.pub" },
		{ "ecdsa_521_pkcs8", "ecdsa_521.pub" },
		{ "ed25519_pkcs8", "ed25519_plain.pub" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_key *key = keyring_key(crypto, rows[i].file);

		assert_true(
		    keyring_has_public(rows[i].public_file, sp_key_blob(key)));
		sp_key_free(key);
	}
}

static void
encrypted_files_are_read_with_their_passphrase(void **unused)
{
	static const struct {
		const char *file, *public_file;
	} rows[] = {
		{ "rsa_2048_pem_sealed", "rsa_2048.pub" },
		{ "rsa_2048_pkcs8_sealed", "rsa_2048.pub" },
		{ "ecdsa_256_pem_sealed", "ecdsa_256.pub" },
		{ "ecdsa_384_pkcs8_sealed", "ecdsa_384.pub" },
		{ "ecdsa_521_pem_sealed", "ecdsa_521.pub" },
		{ "ed25519_pkcs8_sealed", "ed25519_plain.pub" },
		{ "ed25519_pkcs8_scrypt", "ed25519_plain.pub" },
		{ "ed25519_pkcs8_des3", "ed25519_plain.pub" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_key *key = NULL;

		assert_int_equal(keyring_try(crypto, rows[i].file, NULL, &key),
		    SP_ERR_PASSPHRASE);
		assert_int_equal(keyring_try(crypto, rows[i].file, "", &key),
		    SP_ERR_PASSPHRASE);
		assert_int_equal(keyring_try(crypto, rows[i].file, "no", &key),
		    SP_ERR_PASSPHRASE);
		assert_null(key);
		assert_int_equal(
		    keyring_try(crypto, rows[i].file, right, &key), SP_OK);
		assert_true(
		    keyring_has_public(rows[i].public_file, sp_key_blob(key)));
		sp_key_free(key);
	}
}

static void
what_is_no_key_of_ours_is_refused(void **unused)
{
	static const struct {
		const char *file;
		enum sp_status status;
	} rows[] = {
		{ "ec_other_curve", SP_ERR_KEY_TYPE },
		{ "rsa_pss", SP_ERR_KEY_TYPE },
		{ "ed25519_pkcs8_old", SP_ERR_KEY_FORMAT },
		{ "pkcs8_costly", SP_ERR_LIMIT },
		{ "pkcs8_scrypt_costly", SP_ERR_LIMIT },
		{ "pkcs8_negative", SP_ERR_KEY_FORMAT },
	};
	struct sp_key *key = NULL;

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(keyring_try(crypto, rows[i].file, right, &key),
		    rows[i].status);
	assert_null(key);
}

static void
expect_refused(const char *text, enum sp_status status)
{
	struct sp_key *key = NULL;

	assert_int_equal(
	    sp_key_parse(crypto, view_of_string(text), right, &key), status);
	assert_null(key);
}

static void
marks_that_do_not_fit_are_refused(void **unused)
{
	(void)unused;
	expect_refused("", SP_ERR_KEY_FORMAT);
	expect_refused("-----BEGIN PRIVATE KEY-----", SP_ERR_KEY_FORMAT);
	expect_refused("-----BEGIN PRIVATE KEY-----\n"
		       "-----END PRIVATE KEY-----\n",
	    SP_ERR_KEY_FORMAT);
	expect_refused("-----BEGIN PRIVATE KEY-----\nAAAA\n"
		       "-----END RSA PRIVATE KEY-----\n",
	    SP_ERR_KEY_FORMAT);
	expect_refused("-----BEGIN PUBLIC KEY-----\nAAAA\n"
		       "-----END PUBLIC KEY-----\n",
	    SP_ERR_KEY_FORMAT);
	expect_refused("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
		       "-----END ENCRYPTED PRIVATE KEY-----\n",
	    SP_ERR_KEY_FORMAT);
	expect_refused("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n"
		       "-----END DSA PRIVATE KEY-----\n",
	    SP_ERR_KEY_TYPE);
	expect_refused("-----BEGIN %s%s%s%n-----\nAAAA\n"
		       "-----END %s%s%s%n-----\n",
	    SP_ERR_KEY_FORMAT);
}

static void
every_truncated_file_is_refused(void **unused)
{
	static const char *const files[] = { "ecdsa_256_pem",
		"ecdsa_256_pkcs8" };

	(void)unused;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buffer text = keyring_read(files[i]);
		struct sp_key *key = NULL;

		/* Its last newline may be missing. */
		for (size_t len = 0; len < buffer_len(&text) - 1; len++)
			assert_int_equal(
			    sp_key_parse(
				crypto, view_of(text.data, len), NULL, &key),
			    SP_ERR_KEY_FORMAT);
		assert_null(key);
		buffer_clear(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_files_are_read),
		cmocka_unit_test(
		    encrypted_files_are_read_with_their_passphrase),
		cmocka_unit_test(what_is_no_key_of_ours_is_refused),
		cmocka_unit_test(marks_that_do_not_fit_are_refused),
		cmocka_unit_test(every_truncated_file_is_refused),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
