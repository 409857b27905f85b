/* RFC 4716 files: those of ssh-keygen, our own, and damaged ones. */
#include "tests/unit/pubkey/keyring.h"

#include <unistd.h>

static uint8_t room[LIMIT_KEY_BLOB];

/* The blob of a public key line's file; in the test's own room. */
static struct sp_view
line_blob(const char *name)
{
	static uint8_t blob[LIMIT_KEY_BLOB];
	struct buffer line = keyring_read(name);
	struct sp_key_line parts;
	size_t len;

	assert_int_equal(sp_key_parse_line(buffer_view(&line), &parts), SP_OK);
	assert_int_equal(
	    sp_key_line_blob(&parts, blob, sizeof blob, &len), SP_OK);
	buffer_clear(&line);
	return view_of(blob, len);
}

static enum sp_status
parse(const char *text, struct sp_view *blob)
{
	blob->data = room;
	return sp_key_parse_rfc4716(
	    view_of_string(text), room, sizeof room, &blob->len);
}

static void
files_of_ssh_keygen_are_read(void **unused)
{
	struct buffer text = keyring_read("rsa_2048.rfc4716");
	struct sp_view blob = { room, 0 };

	(void)unused;
	assert_int_equal(sp_key_parse_rfc4716(
			     buffer_view(&text), room, sizeof room, &blob.len),
	    SP_OK);
	assert_true(view_equal(blob, line_blob("rsa_2048.pub")));
	assert_int_equal(sp_key_parse_rfc4716(
			     buffer_view(&text), room, blob.len - 1, &blob.len),
	    SP_ERR_LIMIT);
	for (size_t len = 0; len + 1 < buffer_len(&text); len++)
		assert_int_equal(sp_key_parse_rfc4716(view_of(text.data, len),
				     room, sizeof room, &blob.len),
		    SP_ERR_KEY_FORMAT);
	buffer_clear(&text);
}

#define BEGIN "---- BEGIN SSH2 PUBLIC KEY ----"
#define END   "---- END SSH2 PUBLIC KEY ----"
#define KEY \
	"AAAAC3NzaC1lZDI1NTE5AAAAIIHVxgaUPkstwmVFypEaTmttwIjILFXcntlsw2s1HDZ9"

static void
headers_are_skipped_and_lines_end_as_they_like(void **unused)
{
	static const char *const good[] = {
		BEGIN "\n" KEY "\n" END,
		BEGIN "\r\n" KEY "\r\n" END "\r\n",
		BEGIN "\r" KEY "\r" END "\r",
		BEGIN "\nComment: x\nx-tag: y\n" KEY "\n" END "\n\n",
		BEGIN "\nComment: one \\\ntwo \\\nthree\n" KEY "\n" END "\n",
		BEGIN "\nSubject: " KEY " \\\n" END "\n" KEY "\n" END "\n",
	};
	static const char *const bad[] = {
		BEGIN "\n" KEY "\nComment: x\n" END "\n",
		BEGIN "\n" KEY "\n" END "\nmore\n",
		BEGIN "\n" KEY "\n " END "\n",
		"\n" BEGIN "\n" KEY "\n" END "\n",
		BEGIN "\nComment: \\\n" KEY "\n" END "\n",
		BEGIN "\n" END "\n",
		BEGIN "\nAAAA\n" END "\n",
		BEGIN "\n" KEY "=\n" END "\n",
	};
	struct sp_view blob;

	(void)unused;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(parse(good[i], &blob), SP_OK);
		assert_int_equal(blob.len, 51);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse(bad[i], &blob), SP_ERR_KEY_FORMAT);
}

static void
a_file_too_large_is_refused(void **unused)
{
	char *text = calloc(1, LIMIT_KEY_FILE + 1);
	size_t len;

	(void)unused;
	assert_int_equal(sp_key_parse_rfc4716(view_of(text, LIMIT_KEY_FILE + 1),
			     room, sizeof room, &len),
	    SP_ERR_LIMIT);
	free(text);
}

static void
expect_lines_to_be_short(const char *text)
{
	for (size_t len; *text != '\0'; text += len + 1) {
		len = strcspn(text, "\n");
		assert_true(len <= 72);
	}
}

static void
a_written_file_is_read_back(void **unused)
{
	char comment[1024];

	(void)unused;
	for (size_t len = 0; len < sizeof comment; len++) {
		struct sp_view key = line_blob("ed25519_plain.pub"), blob;
		char *text = NULL;
		enum sp_status status;

		memset(comment, 'c', len);
		comment[len] = '\0';
		status = sp_key_format_rfc4716(key, comment, &text);
		assert_int_equal(status, len > 1022 ? SP_ERR_ARGUMENT : SP_OK);
		if (status != SP_OK)
			continue;
		expect_lines_to_be_short(text);
		assert_int_equal(parse(text, &blob), SP_OK);
		assert_true(view_equal(blob, key));
		sp_key_free_text(text);
	}
}

static void
what_cannot_be_written_is_refused(void **unused)
{
	char *text = NULL;

	(void)unused;
	assert_int_equal(
	    sp_key_format_rfc4716(view_of("\0\0\0\1", 4), NULL, &text),
	    SP_ERR_KEY_FORMAT);
	assert_int_equal(sp_key_format_rfc4716(
			     line_blob("ed25519_plain.pub"), "a\nb", &text),
	    SP_ERR_ARGUMENT);
	assert_null(text);
}

static void
ssh_keygen_reads_what_we_write(void **unused)
{
	char path[] = "/tmp/rfc4716_test.XXXXXX";
	char command[128], said[8192] = "";
	struct sp_view key = line_blob("rsa_2048.pub");
	struct sp_key_line parts;
	char *text = NULL;
	FILE *file, *pipe;
	int fd;

	(void)unused;
	if (system("ssh-keygen -? >/dev/null 2>&1") == 127 << 8)
		skip();
	assert_int_equal(sp_key_format_rfc4716(key, "a comment", &text), SP_OK);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof command, "ssh-keygen -i -f %s", path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(said, sizeof said, pipe));
	assert_int_equal(pclose(pipe), 0);
	assert_int_equal(
	    sp_key_parse_line(view_of_string(said), &parts), SP_OK);
	assert_true(sp_key_line_is(&parts, key));
	unlink(path);
	sp_key_free_text(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_ssh_keygen_are_read),
		cmocka_unit_test(
		    headers_are_skipped_and_lines_end_as_they_like),
		cmocka_unit_test(a_file_too_large_is_refused),
		cmocka_unit_test(a_written_file_is_read_back),
		cmocka_unit_test(what_cannot_be_written_is_refused),
		cmocka_unit_test(ssh_keygen_reads_what_we_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
