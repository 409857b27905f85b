/* Private key files: those of ssh-keygen, our own, and damaged ones. */
#include "lib/pubkey/base64.h"
#include "tests/unit/pubkey/keyring.h"

#include <sys/stat.h>
#include <unistd.h>

static struct sp_crypto *crypto;

static const char begin_mark[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
static const char end_mark[] = "-----END OPENSSH PRIVATE KEY-----\n";

/* The bytes between the marks of a file. */
static struct buffer
read_container(const char *name)
{
	struct buffer text = keyring_read(name), container;
	struct sp_view all = buffer_view(&text);
	char joined[4096];
	uint8_t *room;
	size_t n = 0, len;

	for (size_t i = sizeof begin_mark - 1;
	     i < all.len - (sizeof end_mark - 1); i++)
		if (all.data[i] != '\n')
			joined[n++] = (char)all.data[i];
	buffer_init(&container, 4096);
	assert_int_equal(buffer_room(&container, 4096, &room), SP_OK);
	assert_true(base64_decode(view_of(joined, n), room, 4096, &len));
	buffer_grew(&container, len);
	buffer_clear(&text);
	return container;
}

static enum sp_status
parse_container(const struct buffer *container)
{
	struct sp_view bytes = buffer_view(container);
	char text[8192] = "";
	size_t begin_len = sizeof begin_mark - 1;
	struct sp_key *key = NULL;
	enum sp_status status;

	memcpy(text, begin_mark, begin_len);
	base64_encode(bytes, text + begin_len);
	strcat(text, "\n");
	strcat(text, end_mark);
	status = sp_key_parse(crypto, view_of_string(text), NULL, &key);
	sp_key_free(key);
	return status;
}

static void
keys_of_ssh_keygen_are_read(void **unused)
{
	/* The fingerprints are what ssh-keygen -lf says. */
	static const struct {
		const char *file, *public_file, *fingerprint;
	} rows[] = {
		{ "ed25519_plain", "ed25519_plain.pub",
		    "SHA256:UCw/e2+pRdeewQbiYo8i63dEcXG7Ny8LgdzODdGiI/w" },
		{ "ed25519_commented", "ed25519_commented.pub",
		    "SHA256:GGLgLS1fzJII8+/gdwwG8y+FQr/AEi9f20OkM8ya/Js" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buffer text = keyring_read(rows[i].file);
		struct buffer line = keyring_read(rows[i].public_file);
		char fingerprint[SP_FINGERPRINT_SIZE];
		struct sp_key_line parts;
		struct sp_key *key = NULL;

		assert_int_equal(
		    sp_key_parse(crypto, buffer_view(&text), NULL, &key),
		    SP_OK);
		assert_int_equal(
		    sp_key_parse_line(buffer_view(&line), &parts), SP_OK);
		assert_true(sp_key_line_is(&parts, sp_key_blob(key)));
		assert_int_equal(
		    sp_key_fingerprint(crypto, sp_key_blob(key), fingerprint),
		    SP_OK);
		assert_string_equal(fingerprint, rows[i].fingerprint);
		sp_key_free(key);
		buffer_clear(&line);
		buffer_clear(&text);
	}
}

static void
an_encrypted_key_asks_for_its_passphrase(void **unused)
{
	struct buffer text = keyring_read("ed25519_encrypted");
	struct sp_key *key = NULL;

	(void)unused;
	assert_int_equal(sp_key_parse(crypto, buffer_view(&text), NULL, &key),
	    SP_ERR_PASSPHRASE);
	assert_int_equal(
	    sp_key_parse(crypto, buffer_view(&text), "wrong", &key),
	    SP_ERR_PASSPHRASE);
	assert_null(key);
	buffer_clear(&text);
}

static void
a_key_of_another_type_is_named_so(void **unused)
{
	struct sp_key *key = NULL;

	(void)unused;
	assert_int_equal(
	    keyring_try(crypto, "dsa_plain", NULL, &key), SP_ERR_KEY_TYPE);
	assert_int_equal(
	    sp_key_generate(crypto, "ssh-unknown", &key), SP_ERR_KEY_TYPE);
	assert_null(key);
}

static void
lines_may_end_as_elsewhere_and_white_space_surround_them(void **unused)
{
	struct buffer text = keyring_read("ed25519_plain");
	char other[8192] = "\r\n  ";
	size_t n = strlen(other);
	struct sp_key *key = NULL;

	(void)unused;
	for (size_t i = 0; i < buffer_len(&text); i++) {
		if (text.data[i] == '\n')
			other[n++] = '\r';
		other[n++] = (char)text.data[i];
	}
	other[n++] = '\n';
	assert_int_equal(
	    sp_key_parse(crypto, view_of(other, n), NULL, &key), SP_OK);
	sp_key_free(key);
	buffer_clear(&text);
}

static void
every_truncated_text_is_refused(void **unused)
{
	struct buffer text = keyring_read("ed25519_plain");
	struct sp_key *key = NULL;

	(void)unused;
	/* Its last newline may be missing. */
	for (size_t len = 0; len < buffer_len(&text) - 1; len++)
		assert_int_equal(
		    sp_key_parse(crypto, view_of(text.data, len), NULL, &key),
		    SP_ERR_KEY_FORMAT);
	assert_null(key);
	buffer_clear(&text);
}

static void
every_truncated_or_longer_container_is_refused(void **unused)
{
	struct buffer container = read_container("ed25519_commented");

	(void)unused;
	assert_int_equal(parse_container(&container), SP_OK);
	assert_int_equal(buffer_append(&container, view_of("", 1)), SP_OK);
	assert_int_equal(parse_container(&container), SP_ERR_KEY_FORMAT);
	buffer_truncate(&container, buffer_len(&container) - 1);
	while (buffer_len(&container) > 0) {
		buffer_truncate(&container, buffer_len(&container) - 1);
		assert_int_not_equal(parse_container(&container), SP_OK);
	}
	buffer_clear(&container);
}

/* Only the comment may change unnoticed. */
static void
every_changed_byte_but_of_the_comment_is_noticed(void **unused)
{
	struct buffer container = read_container("ed25519_commented");
	size_t changes_unnoticed = 0;

	(void)unused;
	for (size_t i = 0; i < buffer_len(&container); i++) {
		container.data[i] ^= 0x20;
		if (parse_container(&container) == SP_OK)
			changes_unnoticed++;
		container.data[i] ^= 0x20;
	}
	assert_int_equal(changes_unnoticed,
	    strlen("a comment with spaces, and enough of it to need another "
		   "line"));
	buffer_clear(&container);
}

static void
a_file_too_large_is_refused(void **unused)
{
	char *text = calloc(1, LIMIT_KEY_FILE + 1);
	struct sp_key *key = NULL;

	(void)unused;
	assert_int_equal(
	    sp_key_parse(crypto, view_of(text, LIMIT_KEY_FILE + 1), NULL, &key),
	    SP_ERR_LIMIT);
	assert_int_equal(
	    sp_key_parse(crypto, view_of(text, LIMIT_KEY_FILE), NULL, &key),
	    SP_ERR_KEY_FORMAT);
	free(text);
}

static void
a_written_key_is_read_back(void **unused)
{
	static const char *const comments[] = { NULL, "", "a", "ab", "abc",
		"abcd", "abcde", "abcdef", "abcdefg", "abcdefgh" };

	(void)unused;
	for (size_t i = 0; i < sizeof comments / sizeof comments[0]; i++) {
		struct sp_key *key = NULL, *again = NULL;
		char *text = NULL;

		assert_int_equal(
		    sp_key_generate(crypto, "ssh-ed25519", &key), SP_OK);
		assert_int_equal(sp_key_format(key, comments[i], &text), SP_OK);
		assert_int_equal(
		    sp_key_parse(crypto, view_of_string(text), NULL, &again),
		    SP_OK);
		assert_true(view_equal(sp_key_blob(key), sp_key_blob(again)));
		sp_key_free_text(text);
		sp_key_free(again);
		sp_key_free(key);
	}
	sp_key_free_text(NULL);
	sp_key_free(NULL);
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
ssh_keygen_reads_a_written_key(void **unused)
{
	char folder[] = "/tmp/keyfile_test.XXXXXX";
	char path[64], command[256], said[1024] = "";
	struct sp_key *key = NULL;
	char *text = NULL, *line = NULL;
	FILE *pipe;

	(void)unused;
	if (system("ssh-keygen -? >/dev/null 2>&1") == 127 << 8)
		skip();
	assert_int_equal(sp_key_generate(crypto, "ssh-ed25519", &key), SP_OK);
	assert_int_equal(sp_key_format(key, "a comment", &text), SP_OK);
	assert_int_equal(
	    sp_key_format_line(sp_key_blob(key), "a comment", &line), SP_OK);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/key", folder);
	write_file(path, text);
	snprintf(command, sizeof command, "ssh-keygen -y -f %s", path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(said, sizeof said, pipe));
	assert_int_equal(pclose(pipe), 0);
	assert_string_equal(said, line);
	unlink(path);
	rmdir(folder);
	sp_key_free_text(text);
	sp_key_free_text(line);
	sp_key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_ssh_keygen_are_read),
		cmocka_unit_test(an_encrypted_key_asks_for_its_passphrase),
		cmocka_unit_test(a_key_of_another_type_is_named_so),
		cmocka_unit_test(
		    lines_may_end_as_elsewhere_and_white_space_surround_them),
		cmocka_unit_test(every_truncated_text_is_refused),
		cmocka_unit_test(
		    every_truncated_or_longer_container_is_refused),
		cmocka_unit_test(
		    every_changed_byte_but_of_the_comment_is_noticed),
		cmocka_unit_test(a_file_too_large_is_refused),
		cmocka_unit_test(a_written_key_is_read_back),
		cmocka_unit_test(ssh_keygen_reads_a_written_key),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
