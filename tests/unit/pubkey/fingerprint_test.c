/* Fingerprints: those that ssh-keygen -l shows. */
#include "tests/unit/pubkey/keyring.h"

static void
fingerprints_are_those_of_ssh_keygen(void **unused)
{
	static const struct {
		const char *file, *sha256, *md5;
	} rows[] = {
		{ "ed25519_plain",
		    "SHA256:UCw/e2+pRdeewQbiYo8i63dEcXG7Ny8LgdzODdGiI/w",
		    "MD5:96:cd:92:0c:9b:ec:87:24:96:b3:63:60:06:e4:ec:75" },
		{ "rsa_2048",
		    "SHA256:tKt9Ry4Oturey2OCGIjU6SA+ovcFI4ypRC3qh5mv6I8",
		    "MD5:00:19:1c:e2:75:7c:8d:5c:eb:d5:02:4e:f7:13:5c:58" },
		{ "ecdsa_256",
		    "SHA256:vIKJlmaj9+P0ZAGnq/3M/Za8G4eIKO3Sv/9WvD/q2dQ",
		    "MD5:19:e6:be:0f:ba:d9:37:27:3d:9d:81:df:63:e5:02:dc" },
	};
	struct sp_crypto *crypto = sp_crypto_new();

	(void)unused;
	assert_non_null(crypto);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_key *key = keyring_key(crypto, rows[i].file);
		char sha256[SP_FINGERPRINT_SIZE];
		char md5[SP_FINGERPRINT_MD5_SIZE];

		assert_int_equal(
		    sp_key_fingerprint(crypto, sp_key_blob(key), sha256),
		    SP_OK);
		assert_string_equal(sha256, rows[i].sha256);
		assert_int_equal(
		    sp_key_fingerprint_md5(sp_key_blob(key), md5), SP_OK);
		assert_string_equal(md5, rows[i].md5);
		assert_int_equal(strlen(md5) + 1, sizeof md5);
		sp_key_free(key);
	}
	sp_crypto_free(crypto);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fingerprints_are_those_of_ssh_keygen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
