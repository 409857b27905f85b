/* Encrypted containers: those of ssh-keygen, our own, and damaged ones. */
#include "lib/pubkey/container.h"

#include "lib/pubkey/armour.h"
#include "lib/pubkey/keycipher.h"
#include "tests/unit/pubkey/keyring.h"

#include <sys/stat.h>
#include <unistd.h>

static struct sp_crypto *crypto;

static const char right[] = "correct horse";

static const char *const ciphers[] = {
	"aes256-ctr",
	"aes192-ctr",
	"aes128-ctr",
	"aes256-cbc",
	"aes192-cbc",
	"aes128-cbc",
	"aes256-gcm@openssh.com",
	"aes128-gcm@openssh.com",
	"chacha20-poly1305@openssh.com",
};
enum { CIPHERS = sizeof ciphers / sizeof ciphers[0] };

/* A file of each type. */
static const char *const types[] = {
	"ed25519_plain",
	"ecdsa_256",
	"ecdsa_384",
	"ecdsa_521",
	"rsa_2048",
};
enum { TYPES = sizeof types / sizeof types[0] };

static void
expect_key(const char *file, const char *public_file)
{
	struct sp_key *key = NULL;

	assert_int_equal(
	    keyring_try(crypto, file, NULL, &key), SP_ERR_PASSPHRASE);
	assert_int_equal(
	    keyring_try(crypto, file, "", &key), SP_ERR_PASSPHRASE);
	assert_int_equal(
	    keyring_try(crypto, file, "correct hors", &key), SP_ERR_PASSPHRASE);
	assert_null(key);
	assert_int_equal(keyring_try(crypto, file, right, &key), SP_OK);
	assert_true(keyring_has_public(public_file, sp_key_blob(key)));
	sp_key_free(key);
}

static void
keys_of_ssh_keygen_are_read_with_their_passphrase(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < CIPHERS; i++) {
		char file[64] = "sealed_";

		strncat(file, ciphers[i], strcspn(ciphers[i], "@"));
		expect_key(file, "ed25519_plain.pub");
	}
	expect_key("rsa_2048_sealed", "rsa_2048.pub");
	expect_key("ecdsa_256_sealed", "ecdsa_256.pub");
	expect_key("ecdsa_384_sealed", "ecdsa_384.pub");
	expect_key("ecdsa_521_sealed", "ecdsa_521.pub");
}

static void
a_written_key_is_read_back_with_its_passphrase(void **unused)
{
	struct sp_key *key = keyring_key(crypto, "ed25519_plain");

	(void)unused;
	for (size_t i = 0; i < CIPHERS; i++) {
		const struct sp_key_seal seal = { right, ciphers[i], 1 };
		struct sp_key *again = NULL;
		char *text = NULL;

		assert_int_equal(
		    sp_key_format_sealed(key, "me", &seal, &text), SP_OK);
		assert_int_equal(
		    sp_key_parse(crypto, view_of_string(text), "wrong", &again),
		    SP_ERR_PASSPHRASE);
		assert_int_equal(
		    sp_key_parse(crypto, view_of_string(text), right, &again),
		    SP_OK);
		assert_true(view_equal(sp_key_blob(key), sp_key_blob(again)));
		sp_key_free(again);
		sp_key_free_text(text);
	}
	sp_key_free(key);
}

static void
a_seal_that_cannot_be_had_is_refused(void **unused)
{
	static const struct sp_key_seal seals[] = {
		{ NULL, NULL, 0 },
		{ "", NULL, 0 },
		{ "secret", "3des-cbc", 0 },
		{ "secret", "none", 0 },
		{ "secret", NULL, LIMIT_KEY_ROUNDS + 1 },
	};
	struct sp_key *key = keyring_key(crypto, "ed25519_plain");
	char *text = NULL;

	(void)unused;
	for (size_t i = 0; i < sizeof seals / sizeof seals[0]; i++)
		assert_int_equal(
		    sp_key_format_sealed(key, NULL, &seals[i], &text),
		    SP_ERR_ARGUMENT);
	assert_null(text);
	sp_key_free(key);
}

/* The container of a file. */
static struct secret
read_container(const char *name)
{
	struct buffer text = keyring_read(name);
	struct secret bytes = { NULL, 0 };
	struct armour armour;

	assert_true(armour_find(buffer_view(&text), &armour));
	assert_int_equal(armour_decode(armour.lines, &bytes), SP_OK);
	buffer_clear(&text);
	return bytes;
}

/* Reads a copy: reading deciphers in place. */
static enum sp_status
try_container(struct sp_view bytes, const char *passphrase)
{
	struct secret copy = { NULL, 0 };
	struct sp_key *key = NULL;
	enum sp_status status;

	assert_int_equal(secret_copy(&copy, bytes), SP_OK);
	status = container_read(crypto, copy.data, copy.len, passphrase, &key);
	sp_key_free(key);
	secret_clear(&copy);
	return status;
}

/* Where the fourth byte of the rounds is: behind salt, in the options. */
static size_t
end_of_rounds(struct sp_view bytes)
{
	struct sp_view options;
	struct reader r;

	reader_init(&r, bytes);
	reader_bytes(&r, sizeof "openssh-key-v1");
	reader_string(&r);
	reader_string(&r);
	options = reader_string(&r);
	return (size_t)(options.data - bytes.data) + options.len - 1;
}

static void
rounds_are_bounded(void **unused)
{
	struct secret bytes = read_container("sealed_aes256-ctr");
	size_t at = end_of_rounds(secret_view(&bytes));

	(void)unused;
	bytes.data[at] = 0;
	assert_int_equal(
	    try_container(secret_view(&bytes), right), SP_ERR_KEY_FORMAT);
	bytes.data[at - 3] = 0x7f;
	assert_int_equal(
	    try_container(secret_view(&bytes), right), SP_ERR_LIMIT);
	secret_clear(&bytes);
}

/* With a tag each change is noticed; all else but a comment shows too. */
static void
a_changed_byte_of_what_is_sealed_is_noticed(void **unused)
{
	static const char *const files[] = { "sealed_aes256-gcm",
		"sealed_chacha20-poly1305" };

	(void)unused;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct secret bytes = read_container(files[i]);

		for (size_t at = bytes.len - 48; at < bytes.len; at += 5) {
			bytes.data[at] ^= 1;
			assert_int_equal(
			    try_container(secret_view(&bytes), right),
			    SP_ERR_PASSPHRASE);
			bytes.data[at] ^= 1;
		}
		assert_int_equal(
		    try_container(secret_view(&bytes), right), SP_OK);
		secret_clear(&bytes);
	}
}

static void
every_truncated_or_longer_container_is_refused(void **unused)
{
	static const char *const files[] = { "sealed_aes256-cbc",
		"sealed_aes256-gcm" };

	(void)unused;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct secret bytes = read_container(files[i]);
		struct buffer longer;

		for (size_t len = 0; len < bytes.len; len++)
			assert_int_equal(
			    try_container(view_of(bytes.data, len), right),
			    SP_ERR_KEY_FORMAT);
		buffer_init(&longer, 8192);
		assert_int_equal(
		    buffer_append(&longer, secret_view(&bytes)), SP_OK);
		assert_int_equal(buffer_append(&longer, view_of("", 1)), SP_OK);
		assert_int_equal(try_container(buffer_view(&longer), right),
		    SP_ERR_KEY_FORMAT);
		buffer_clear(&longer);
		secret_clear(&bytes);
	}
}

/* What "ssh-keygen -y" says about a file, without its comment. */
static void
expect_ssh_keygen_reads(const char *text, const struct sp_key *key)
{
	char folder[] = "/tmp/container_test.XXXXXX";
	char path[64], command[256], said[8192] = "";
	struct sp_key_line parts;
	FILE *file, *pipe;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/key", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof command, "ssh-keygen -y -P '%s' -f %s", right,
	    path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(said, sizeof said, pipe));
	assert_int_equal(pclose(pipe), 0);
	assert_int_equal(
	    sp_key_parse_line(view_of_string(said), &parts), SP_OK);
	assert_true(sp_key_line_is(&parts, sp_key_blob(key)));
	unlink(path);
	rmdir(folder);
}

static void
ssh_keygen_reads_every_type_and_cipher_we_write(void **unused)
{
	(void)unused;
	if (system("ssh-keygen -? >/dev/null 2>&1") == 127 << 8)
		skip();
	for (size_t i = 0; i < TYPES + CIPHERS; i++) {
		const struct sp_key_seal seal = { right,
			i < TYPES ? NULL : ciphers[i - TYPES], 2 };
		struct sp_key *key = keyring_key(crypto, types[i % TYPES]);
		char *text = NULL;

		assert_int_equal(sp_key_format(key, "a comment", &text), SP_OK);
		expect_ssh_keygen_reads(text, key);
		sp_key_free_text(text);
		assert_int_equal(
		    sp_key_format_sealed(key, "a comment", &seal, &text),
		    SP_OK);
		expect_ssh_keygen_reads(text, key);
		sp_key_free_text(text);
		sp_key_free(key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    keys_of_ssh_keygen_are_read_with_their_passphrase),
		cmocka_unit_test(
		    a_written_key_is_read_back_with_its_passphrase),
		cmocka_unit_test(a_seal_that_cannot_be_had_is_refused),
		cmocka_unit_test(rounds_are_bounded),
		cmocka_unit_test(a_changed_byte_of_what_is_sealed_is_noticed),
		cmocka_unit_test(
		    every_truncated_or_longer_container_is_refused),
		cmocka_unit_test(
		    ssh_keygen_reads_every_type_and_cipher_we_write),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
