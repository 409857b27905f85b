/* Public key lines: how they are cut, and how a key is found among them. */
#include "lib/limits.h"
#include "lib/wire/view.h"

#include <sallyport/key.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define KEY \
	"AAAAC3NzaC1lZDI1NTE5AAAAIIHVxgaUPkstwmVFypEaTmt" \
	"twIjILFXcntlsw2s1HDZ9"
#define OTHER_KEY \
	"AAAAC3NzaC1lZDI1NTE5AAAAIH2XHC1Wy6jM+epo3zyoxlp" \
	"4yLjV4RKtba4E6KYKAqaJ"
/* An ssh-dss blob cut short: a type unknown here, which is no error. */
#define STRANGE_KEY "AAAAB3NzaC1kc3MAAAABAQ=="
/* Nothing behind the type name. */
#define BARE_KEY    "AAAAC3NzaC1lZDI1NTE5"

enum { BLOB_LEN = 51 };

static void
assert_view(struct sp_view v, const char *expected)
{
	if (!view_equal_string(v, expected))
		fail_msg("\"%.*s\" is not \"%s\"", (int)v.len,
		    (const char *)v.data, expected);
}

static struct sp_view
blob_of(const char *base64, uint8_t *room)
{
	struct sp_key_line line = { .base64 = view_of_string(base64) };
	size_t len;

	assert_int_equal(sp_key_line_blob(&line, room, BLOB_LEN, &len), SP_OK);
	return view_of(room, len);
}

static void
lines_are_cut_as_sshd_cuts_them(void **unused)
{
	static const struct {
		const char *line, *options, *type, *base64, *comment;
	} rows[] = {
		{ "ssh-ed25519 " KEY, "", "ssh-ed25519", KEY, "" },
		{ "ssh-ed25519 " KEY "\n", "", "ssh-ed25519", KEY, "" },
		{ "ssh-ed25519 " KEY " a b\r\n", "", "ssh-ed25519", KEY,
		    "a b" },
		{ " \tssh-ed25519\t\t" KEY " \ta \t\n", "", "ssh-ed25519", KEY,
		    "a" },
		{ "no-pty ssh-ed25519 " KEY " me", "no-pty", "ssh-ed25519", KEY,
		    "me" },
		{ "command=\"a b\",no-pty  ssh-ed25519 " KEY,
		    "command=\"a b\",no-pty", "ssh-ed25519", KEY, "" },
		{ "command=\"say \\\"a b\\\"\" ssh-ed25519 " KEY,
		    "command=\"say \\\"a b\\\"\"", "ssh-ed25519", KEY, "" },
		{ "environment=\"A=\\\\\" ssh-ed25519 " KEY " \"",
		    "environment=\"A=\\\\\" ssh-ed25519 " KEY " \"", NULL, NULL,
		    NULL },
		{ "command=\"ssh-ed25519 " KEY "\" ssh-ed25519 " OTHER_KEY,
		    "command=\"ssh-ed25519 " KEY "\"", "ssh-ed25519", OTHER_KEY,
		    "" },
		{ "ssh-ed25519 " KEY " ssh-ed25519 " OTHER_KEY, "",
		    "ssh-ed25519", KEY, "ssh-ed25519 " OTHER_KEY },
		{ "ssh-dss " STRANGE_KEY " old", "", "ssh-dss", STRANGE_KEY,
		    "old" },
		{ "ssh-ed25519 " BARE_KEY, "", "ssh-ed25519", BARE_KEY, "" },
		{ "", "", "", "", "" },
		{ "\n", "", "", "", "" },
		{ " \t\r\n", "", "", "", "" },
		{ "# ssh-ed25519 " KEY, "", "", "", "" },
		{ "  #", "", "", "", "" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_key_line parts;
		enum sp_status status =
		    sp_key_parse_line(view_of_string(rows[i].line), &parts);

		if (rows[i].type == NULL) {
			assert_int_equal(status, SP_ERR_KEY_FORMAT);
			continue;
		}
		assert_int_equal(status, SP_OK);
		assert_view(parts.options, rows[i].options);
		assert_view(parts.type, rows[i].type);
		assert_view(parts.base64, rows[i].base64);
		assert_view(parts.comment, rows[i].comment);
	}
}

static void
what_is_no_key_line_is_refused(void **unused)
{
	static const char *const rows[] = {
		"ssh-ed25519",
		"ssh-ed25519 ",
		"ssh-ed25519 AAAA",
		KEY,
		"ssh-rsa " KEY, /* the blob names another type */
		"ssh-ed2551 " KEY,
		"ssh-ed25519 x" KEY,
		"no-pty",
		"no-pty ssh-ed25519",
		"no-pty, ssh-ed25519 x " KEY,
		"no-pty no-x11 ssh-ed25519 " KEY,
		"command=\"x ssh-ed25519 " KEY, /* the quote is left open */
		"ssh-ed25519 " KEY "\nssh-ed25519 " KEY,
		"ssh-ed25519 AAAA C3NzaC1lZDI1NTE5",
	};
	struct sp_key_line parts = { .type = view_of_string("untouched") };

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
		    sp_key_parse_line(view_of_string(rows[i]), &parts),
		    SP_ERR_KEY_FORMAT);
		assert_view(parts.type, "untouched");
	}
	assert_int_equal(sp_key_parse_line(view_of("ssh-ed25519 " KEY "\0",
					       sizeof "ssh-ed25519 " KEY),
			     &parts),
	    SP_ERR_KEY_FORMAT);
}

static void
every_truncated_line_is_refused_or_holds_less(void **unused)
{
	static const char line[] = "no-pty ssh-ed25519 " KEY;
	uint8_t room[BLOB_LEN];
	struct sp_view blob = blob_of(KEY, room);

	(void)unused;
	for (size_t len = 0; len < sizeof line - 1; len++) {
		struct sp_key_line parts;

		if (sp_key_parse_line(view_of(line, len), &parts) == SP_OK)
			assert_false(sp_key_line_is(&parts, blob));
	}
}

static void
a_line_may_be_long_but_not_too_long(void **unused)
{
	size_t len = LIMIT_KEY_LINE;
	struct sp_key_line parts;
	char *line = malloc(len + 1);

	(void)unused;
	memset(line, 'c', len + 1);
	memcpy(line, "ssh-ed25519 " KEY " ", sizeof "ssh-ed25519 " KEY);
	assert_int_equal(sp_key_parse_line(view_of(line, len), &parts), SP_OK);
	assert_int_equal(
	    sp_key_parse_line(view_of(line, len + 1), &parts), SP_ERR_LIMIT);
	free(line);
}

static void
a_line_is_the_key_it_holds_and_no_other(void **unused)
{
	uint8_t room[BLOB_LEN];
	struct sp_view blob = blob_of(KEY, room);
	struct sp_key_line parts;

	(void)unused;
	assert_int_equal(
	    sp_key_parse_line(view_of_string("ssh-ed25519 " KEY), &parts),
	    SP_OK);
	assert_true(sp_key_line_is(&parts, blob));
	for (size_t i = 0; i < blob.len; i++) {
		room[i] ^= 0x40;
		assert_false(sp_key_line_is(&parts, blob));
		room[i] ^= 0x40;
	}
	assert_false(sp_key_line_is(&parts, view_of(room, blob.len - 1)));
	assert_false(sp_key_line_is(&parts, view_of(NULL, 0)));
	parts.base64 = view_of(NULL, 0);
	assert_false(sp_key_line_is(&parts, view_of(NULL, 0)));
	assert_false(sp_key_line_is(&parts, blob));
}

static void
a_key_is_found_in_a_file_each_time_it_is_there(void **unused)
{
	static const char file[] = "# " KEY "\n"
				   "ssh-ed25519 " OTHER_KEY " other\n"
				   "no-pty ssh-ed25519 " KEY " one\n"
				   "broken " KEY "\n"
				   "ssh-ed25519 " OTHER_KEY " " KEY "\n"
				   "\n"
				   "ssh-ed25519 " KEY " two";
	uint8_t room[BLOB_LEN];
	struct sp_view blob = blob_of(KEY, room);
	struct sp_view text = view_of_string(file);
	struct sp_key_line parts;

	(void)unused;
	assert_true(sp_key_find_line(&text, blob, &parts));
	assert_view(parts.options, "no-pty");
	assert_view(parts.comment, "one");
	assert_true(sp_key_find_line(&text, blob, &parts));
	assert_view(parts.comment, "two");
	assert_false(sp_key_find_line(&text, blob, &parts));
	assert_view(parts.comment, "two");
	assert_int_equal(text.len, 0);
	assert_false(sp_key_find_line(&text, blob, &parts));
	text = view_of_string(file);
	assert_false(sp_key_find_line(&text, view_of(NULL, 0), &parts));
}

static void
the_rest_of_a_line_too_long_is_not_a_line(void **unused)
{
	size_t len = LIMIT_KEY_LINE;
	char *file = malloc(len + 256);
	uint8_t room[BLOB_LEN];
	struct sp_view blob = blob_of(KEY, room);
	struct sp_key_line parts;
	struct sp_view text;
	int more;

	(void)unused;
	memset(file, 'x', len);
	more = snprintf(file + len, 256, " ssh-ed25519 %s\n", KEY);
	assert_true(more > 0);
	text = view_of(file, len + (size_t)more);
	assert_false(sp_key_find_line(&text, blob, &parts));
	free(file);
}

static void
a_written_line_is_read_back(void **unused)
{
	uint8_t room[BLOB_LEN];
	struct sp_view blob = blob_of(KEY, room);
	char *text = NULL;

	(void)unused;
	assert_int_equal(sp_key_format_line(blob, "me", &text), SP_OK);
	assert_string_equal(text, "ssh-ed25519 " KEY " me\n");
	sp_key_free_text(text);
	assert_int_equal(sp_key_format_line(blob, NULL, &text), SP_OK);
	assert_string_equal(text, "ssh-ed25519 " KEY "\n");
	sp_key_free_text(text);
	assert_int_equal(
	    sp_key_format_line(blob, "a\nb", &text), SP_ERR_ARGUMENT);
	assert_int_equal(sp_key_format_line(view_of(room, 3), NULL, &text),
	    SP_ERR_KEY_FORMAT);
}

static void
a_blob_is_decoded_only_from_canonical_base64_that_fits(void **unused)
{
	static const struct {
		const char *base64;
		enum sp_status status;
	} rows[] = {
		{ KEY, SP_OK },
		{ KEY "AAAA", SP_ERR_LIMIT },
		{ "AAAA=", SP_ERR_KEY_FORMAT },
		{ "AA=A", SP_ERR_KEY_FORMAT },
		{ "AB==", SP_ERR_KEY_FORMAT }, /* bits that do not count */
		{ "A-_A", SP_ERR_KEY_FORMAT },
		{ "", SP_ERR_KEY_FORMAT },
	};
	uint8_t room[BLOB_LEN];
	size_t len;

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_key_line line = {
			.base64 = view_of_string(rows[i].base64),
		};

		assert_int_equal(
		    sp_key_line_blob(&line, room, sizeof room, &len),
		    rows[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_cut_as_sshd_cuts_them),
		cmocka_unit_test(what_is_no_key_line_is_refused),
		cmocka_unit_test(every_truncated_line_is_refused_or_holds_less),
		cmocka_unit_test(a_line_may_be_long_but_not_too_long),
		cmocka_unit_test(a_line_is_the_key_it_holds_and_no_other),
		cmocka_unit_test(
		    a_key_is_found_in_a_file_each_time_it_is_there),
		cmocka_unit_test(the_rest_of_a_line_too_long_is_not_a_line),
		cmocka_unit_test(a_written_line_is_read_back),
		cmocka_unit_test(
		    a_blob_is_decoded_only_from_canonical_base64_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
