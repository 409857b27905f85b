/* Keys when memory runs out, at every allocation they make. */
#include "lib/wire/view.h"
#include "tests/unit/alloc_fail.h"
#include "tests/unit/pubkey/keyring.h"

static struct sp_crypto *crypto;
static struct sp_key *lasting_key;

/* A key of each kind, and what it signs with. */
static struct {
	const char *file, *algorithm;
	struct sp_key *key;
} others[] = {
	{ "ecdsa_256", "ecdsa-sha2-nistp256", NULL },
	{ "rsa_2048", "rsa-sha2-512", NULL }, /* the last */
};
enum { OTHERS = sizeof others / sizeof others[0] };

static void
make_key(void *context)
{
	struct sp_key *key = NULL;

	(void)context;
	if (sp_key_generate(crypto, "ssh-ed25519", &key) != SP_OK) {
		assert_true(alloc_fail_happened());
		assert_null(key);
	}
	sp_key_free(key);
}

static void
a_key_is_made_or_not_there(void **unused)
{
	(void)unused;
	alloc_fail_each(make_key, NULL);
}

static void
write_and_read(void *context)
{
	const struct sp_key *key = context;
	struct sp_key *again = NULL;
	char *text = NULL;

	if (sp_key_format(key, "comment", &text) != SP_OK ||
	    sp_key_parse(crypto, view_of_string(text), NULL, &again) != SP_OK)
		assert_true(alloc_fail_happened());
	else
		assert_true(view_equal(sp_key_blob(key), sp_key_blob(again)));
	sp_key_free_text(text);
	sp_key_free(again);
}

static void
a_key_is_written_and_read_or_an_error(void **unused)
{
	(void)unused;
	alloc_fail_each(write_and_read, lasting_key);
	for (size_t i = 0; i < OTHERS; i++)
		alloc_fail_each(write_and_read, others[i].key);
}

static void
seal_and_open(void *context)
{
	const struct sp_key_seal seal = { "secret", context, 1 };
	struct sp_key *again = NULL;
	char *text = NULL;

	if (sp_key_format_sealed(lasting_key, "comment", &seal, &text) !=
		SP_OK ||
	    sp_key_parse(crypto, view_of_string(text), "secret", &again) !=
		SP_OK)
		assert_true(alloc_fail_happened());
	else
		assert_true(
		    view_equal(sp_key_blob(lasting_key), sp_key_blob(again)));
	sp_key_free_text(text);
	sp_key_free(again);
}

static void
a_key_is_sealed_and_opened_or_an_error(void **unused)
{
	static char ctr[] = "aes256-ctr", gcm[] = "aes256-gcm@openssh.com";
	static char chacha[] = "chacha20-poly1305@openssh.com";

	(void)unused;
	alloc_fail_each(seal_and_open, ctr);
	alloc_fail_each(seal_and_open, gcm);
	alloc_fail_each(seal_and_open, chacha);
}

static void
read_pem(void *context)
{
	const struct buffer *text = context;
	struct sp_key *key = NULL;

	if (sp_key_parse(crypto, buffer_view(text), "correct horse", &key) !=
	    SP_OK)
		assert_true(alloc_fail_happened());
	sp_key_free(key);
}

static void
a_pem_file_is_read_or_an_error(void **unused)
{
	static const char *const files[] = { "ecdsa_256_pem",
		"ed25519_pkcs8_sealed" };

	(void)unused;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buffer text = keyring_read(files[i]);

		/* OpenSSL keeps what it fetches the first time. */
		read_pem(&text);
		alloc_fail_some(read_pem, &text, 53);
		buffer_clear(&text);
	}
}

static void
write_line(void *context)
{
	char *text = NULL;

	(void)context;
	if (sp_key_format_line(sp_key_blob(lasting_key), "me", &text) != SP_OK)
		assert_true(alloc_fail_happened());
	sp_key_free_text(text);
}

static void
write_and_read_rfc4716(void *context)
{
	uint8_t room[64];
	char *text = NULL;
	size_t len;

	(void)context;
	if (sp_key_format_rfc4716(sp_key_blob(lasting_key), "me", &text) !=
		SP_OK ||
	    sp_key_parse_rfc4716(
		view_of_string(text), room, sizeof room, &len) != SP_OK)
		assert_true(alloc_fail_happened());
	sp_key_free_text(text);
}

static void
a_line_is_written_or_an_error(void **unused)
{
	(void)unused;
	alloc_fail_each(write_line, NULL);
	alloc_fail_each(write_and_read_rfc4716, NULL);
}

static void
sign_and_verify(void *context)
{
	struct sp_view name = view_of_string("ssh-ed25519");
	struct sp_view data = view_of_string("data");
	uint8_t room[SP_SIGNATURE_MAX];
	enum sp_status status;
	size_t len;

	(void)context;
	status = sp_key_sign(lasting_key, "ssh-ed25519", data, room, &len);
	if (status == SP_OK)
		status = sp_key_verify(crypto, sp_key_blob(lasting_key), name,
		    data, view_of(room, len));
	if (status != SP_OK)
		assert_true(alloc_fail_happened());
}

static void
sign_and_verify_other(void *context)
{
	const size_t *i = context;
	const char *algorithm = others[*i].algorithm;
	struct sp_view data = view_of_string("data");
	uint8_t room[SP_SIGNATURE_MAX];
	enum sp_status status;
	size_t len;

	status = sp_key_sign(others[*i].key, algorithm, data, room, &len);
	if (status == SP_OK)
		status = sp_key_verify(crypto, sp_key_blob(others[*i].key),
		    view_of_string(algorithm), data, view_of(room, len));
	if (status != SP_OK)
		assert_true(alloc_fail_happened());
}

static void
a_signature_is_judged_or_an_error(void **unused)
{
	(void)unused;
	alloc_fail_each(sign_and_verify, NULL);
	for (size_t i = 0; i < OTHERS; i++)
		alloc_fail_each(sign_and_verify_other, &i);
}

/* For as long as libcrypto keeps what it blinds an RSA key with. */
enum { SIGNATURES = 40 };

static void
sign_again(void *context)
{
	const size_t *i = context;
	const char *algorithm = others[*i].algorithm;
	struct sp_view data = view_of_string("data");
	uint8_t room[SP_SIGNATURE_MAX];
	enum sp_status status;
	size_t len;

	status = sp_key_sign(others[*i].key, algorithm, data, room, &len);
	alloc_fail_stop();
	for (int times = 0; times < SIGNATURES; times++) {
		if (status == SP_OK)
			assert_int_equal(
			    sp_key_verify(crypto, sp_key_blob(others[*i].key),
				view_of_string(algorithm), data,
				view_of(room, len)),
			    SP_OK);
		status =
		    sp_key_sign(others[*i].key, algorithm, data, room, &len);
	}
}

static void
no_wrong_signature_is_given_after_a_failure(void **unused)
{
	size_t rsa = OTHERS - 1;

	(void)unused;
	alloc_fail_each(sign_again, &rsa);
}

static void
verify_a_bad_one(void *context)
{
	struct sp_view name = view_of_string("ssh-ed25519");
	const struct sp_view *signature = context;

	assert_int_not_equal(
	    sp_key_verify(crypto, sp_key_blob(lasting_key), name,
		view_of_string("other data"), *signature),
	    SP_OK);
}

static void
a_bad_signature_is_never_taken_for_a_good_one(void **unused)
{
	uint8_t room[SP_SIGNATURE_MAX];
	struct sp_view signature = view_of(room, 0);

	(void)unused;
	assert_int_equal(sp_key_sign(lasting_key, "ssh-ed25519",
			     view_of_string("data"), room, &signature.len),
	    SP_OK);
	alloc_fail_each(verify_a_bad_one, &signature);
}

/* See crypto_memory_test.c: what sp_crypto_new() has warmed stays warm. */
static void
the_first_signature_costs_no_more_than_the_second(void **unused)
{
	unsigned long first = alloc_fail_count(sign_and_verify, NULL);

	(void)unused;
	assert_int_equal(first, alloc_fail_count(sign_and_verify, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* first of all: the others warm what they use */
		cmocka_unit_test(
		    the_first_signature_costs_no_more_than_the_second),
		cmocka_unit_test(a_key_is_made_or_not_there),
		cmocka_unit_test(a_key_is_written_and_read_or_an_error),
		cmocka_unit_test(a_key_is_sealed_and_opened_or_an_error),
		cmocka_unit_test(a_pem_file_is_read_or_an_error),
		cmocka_unit_test(a_line_is_written_or_an_error),
		cmocka_unit_test(a_signature_is_judged_or_an_error),
		cmocka_unit_test(no_wrong_signature_is_given_after_a_failure),
		cmocka_unit_test(a_bad_signature_is_never_taken_for_a_good_one),
	};
	int failed;

	alloc_fail_install();
	crypto = sp_crypto_new();
	if (crypto == NULL ||
	    sp_key_generate(crypto, "ssh-ed25519", &lasting_key) != SP_OK)
		return 1;
	for (size_t i = 0; i < OTHERS; i++)
		others[i].key = keyring_key(crypto, others[i].file);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < OTHERS; i++)
		sp_key_free(others[i].key);
	sp_key_free(lasting_key);
	sp_crypto_free(crypto);
	return failed;
}
