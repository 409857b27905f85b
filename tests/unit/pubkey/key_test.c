/* Keys: made, written, read back, signing and verifying. */
#include "lib/wire/view.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sp_crypto *crypto;

static void
a_generated_key_signs_what_its_blob_verifies(void **unused)
{
	struct sp_view data = view_of_string("signed");
	struct sp_view name = view_of_string("ssh-ed25519");
	uint8_t room[SP_SIGNATURE_MAX];
	struct sp_key *key = NULL;
	size_t len = 0;

	(void)unused;
	assert_int_equal(sp_key_generate(crypto, "ssh-ed25519", &key), SP_OK);
	assert_string_equal(sp_key_type(key), "ssh-ed25519");
	assert_int_equal(
	    sp_key_sign(key, "ssh-ed25519", data, room, &len), SP_OK);
	assert_int_equal(sp_key_verify(crypto, sp_key_blob(key), name, data,
			     view_of(room, len)),
	    SP_OK);
	data.len--;
	assert_int_equal(sp_key_verify(crypto, sp_key_blob(key), name, data,
			     view_of(room, len)),
	    SP_ERR_SIGNATURE);
	sp_key_free(key);
}

static void
a_written_key_is_read_back(void **unused)
{
	struct sp_key *key = NULL, *again = NULL;
	char *text = NULL;

	(void)unused;
	assert_int_equal(sp_key_generate(crypto, "ssh-ed25519", &key), SP_OK);
	assert_int_equal(sp_key_format(key, "a comment", &text), SP_OK);
	assert_int_equal(
	    sp_key_parse(crypto, view_of_string(text), NULL, &again), SP_OK);
	assert_true(view_equal(sp_key_blob(key), sp_key_blob(again)));
	sp_key_free_text(text);
	sp_key_free(again);
	sp_key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_generated_key_signs_what_its_blob_verifies),
		cmocka_unit_test(a_written_key_is_read_back),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
