/* Lines of known_hosts files: how they are cut, and whom they are about. */
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
/* A type unknown here, which is no error. */
#define STRANGE_KEY "AAAAB3NzaC1kc3MAAAABAQ=="

/* "client.example", as ssh-keygen -H has it. */
#define SALT	    "zM6QQEYbFlLEgF7OzyjxDy9zvPI="
#define HASH	    "1ixB3/aNc0ytn7lTtRkBZ6lw51A="
#define HASHED	    "|1|" SALT "|" HASH

static void
assert_view(struct sp_view v, const char *expected)
{
	if (!view_equal_string(v, expected))
		fail_msg("\"%.*s\" is not \"%s\"", (int)v.len,
		    (const char *)v.data, expected);
}

static void
lines_are_cut_as_sshd_cuts_them(void **state)
{
	static const struct {
		const char *line;
		enum sp_known_host_kind kind;
		const char *names, *type, *base64, *comment;
	} rows[] = {
		{ "host ssh-ed25519 " KEY, SP_KNOWN_HOST_KEY, "host",
		    "ssh-ed25519", KEY, "" },
		{ "a,b*,!c \t ssh-ed25519\t" KEY " of a b\r\n",
		    SP_KNOWN_HOST_KEY, "a,b*,!c", "ssh-ed25519", KEY,
		    "of a b" },
		{ "  " HASHED " ssh-ed25519 " KEY "\n", SP_KNOWN_HOST_KEY,
		    HASHED, "ssh-ed25519", KEY, "" },
		{ "[host]:2222,[::1]:22 ssh-dss " STRANGE_KEY,
		    SP_KNOWN_HOST_KEY, "[host]:2222,[::1]:22", "ssh-dss",
		    STRANGE_KEY, "" },
		{ "@cert-authority *.example ssh-ed25519 " KEY,
		    SP_KNOWN_HOST_AUTHORITY, "*.example", "ssh-ed25519", KEY,
		    "" },
		{ "@revoked\t* ssh-ed25519 " KEY " lost", SP_KNOWN_HOST_REVOKED,
		    "*", "ssh-ed25519", KEY, "lost" },
		{ "", SP_KNOWN_HOST_NONE, "", "", "", "" },
		{ " \t\r\n", SP_KNOWN_HOST_NONE, "", "", "", "" },
		{ " # host ssh-ed25519 " KEY "\n", SP_KNOWN_HOST_NONE, "", "",
		    "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_known_host host;

		assert_int_equal(
		    sp_known_host_parse(view_of_string(rows[i].line), &host),
		    SP_OK);
		assert_int_equal(host.kind, rows[i].kind);
		assert_view(host.names, rows[i].names);
		assert_view(host.key.type, rows[i].type);
		assert_view(host.key.base64, rows[i].base64);
		assert_view(host.key.comment, rows[i].comment);
		assert_int_equal(host.key.options.len, 0);
	}
}

static enum sp_status
parse(struct sp_view line)
{
	struct sp_known_host host;

	return sp_known_host_parse(line, &host);
}

static void
what_is_no_such_line_is_refused(void **state)
{
	static const char *const rows[] = {
		"host",
		"host ssh-ed25519",
		"ssh-ed25519 " KEY,
		"host ssh-rsa " KEY, /* not what the blob says */
		"host no-pty ssh-ed25519 " KEY,
		"host # ssh-ed25519 " KEY,
		"host 1024 35 1234567890", /* of SSH 1 */
		"@revoked",
		"@revoked host",
		"@revoked ssh-ed25519 " KEY,
		"@Revoked host ssh-ed25519 " KEY,
		"@cert-authority @revoked host ssh-ed25519 " KEY,
		"@marker host ssh-ed25519 " KEY,
		"@ host ssh-ed25519 " KEY,
		"ho\1st ssh-ed25519 " KEY,
		"host ssh-ed25519 " KEY "\nhost",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(
		    parse(view_of_string(rows[i])), SP_ERR_KEY_FORMAT);
	assert_int_equal(
	    parse(view_of("host ssh-ed25519 " KEY "\0", 17 + sizeof KEY)),
	    SP_ERR_KEY_FORMAT);
	assert_int_equal(
	    parse(view_of("h\0st ssh-ed25519 " KEY, 16 + sizeof KEY)),
	    SP_ERR_KEY_FORMAT);
}

static void
a_line_has_its_length(void **state)
{
	static const char end[] = " ssh-ed25519 " KEY;
	char *line = malloc(LIMIT_KEY_LINE + 1);

	(void)state;
	assert_non_null(line);
	memset(line, 'h', LIMIT_KEY_LINE + 1);
	memcpy(line + LIMIT_KEY_LINE - (sizeof end - 1), end, sizeof end - 1);
	assert_int_equal(parse(view_of(line, LIMIT_KEY_LINE)), SP_OK);
	line[LIMIT_KEY_LINE] = '\n';
	assert_int_equal(
	    parse(view_of(line, LIMIT_KEY_LINE + 1)), SP_ERR_LIMIT);
	free(line);
}

static bool
is_for(const char *names, const char *name)
{
	const struct sp_known_host host = {
		.kind = SP_KNOWN_HOST_KEY,
		.names = view_of_string(names),
	};

	return sp_known_host_is_for(&host, name);
}

static void
patterns_say_whom_it_is_about(void **state)
{
	static const struct {
		const char *names, *name;
		bool fits;
	} rows[] = {
		{ "host", "host", true },
		{ "host", "HOST", true },
		{ "Host", "host", true },
		{ "host", "host.example", false },
		{ "host", "hos", false },
		{ "a,b,c", "b", true },
		{ "a,b,c", "a,b", false },
		{ "*", "anything", true },
		{ "*.example", "a.b.example", true },
		{ "*.example", ".example", true },
		{ "*.example", "example", false },
		{ "h?st", "host", true },
		{ "h?st", "hst", false },
		{ "h*s*t", "hosssst", true },
		{ "h**t", "ht", true },
		{ "*a*a*a", "aaxaxa", true },
		{ "*a*a*a", "aaxb", false },
		{ "*.example,!evil.example", "good.example", true },
		{ "*.example,!evil.example", "evil.example", false },
		{ "!evil.example,*.example", "Evil.Example", false },
		{ "!evil.example", "good.example", false },
		{ "!*", "host", false },
		{ "[host]:22", "host", false },
		{ "[host]:2222", "[host]:2222", true },
		{ "192.0.2.*", "192.0.2.7", true },
		{ "2001:db8::1", "2001:DB8::1", true },
		{ ",", "", false },
		{ "*", "", false },
		{ "a,,b", "b", true },
		{ "!", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (is_for(rows[i].names, rows[i].name) != rows[i].fits)
			fail_msg(
			    "\"%s\" for \"%s\"", rows[i].names, rows[i].name);
	assert_false(is_for("", "host"));
}

static void
a_name_may_be_hashed(void **state)
{
	(void)state;
	assert_true(is_for(HASHED, "client.example"));
	assert_true(is_for(HASHED, "Client.EXAMPLE"));
	assert_false(is_for(HASHED, "client.exampl"));
	assert_false(is_for(HASHED, "other.example"));
	/* The salt counts, and what is not such a hash is nobody's. */
	assert_false(is_for("|1|" HASH "|" HASH, "client.example"));
	assert_false(is_for("|2|" SALT "|" HASH, "client.example"));
	assert_false(
	    is_for("|1|" SALT "|" HASH ",client.example", "client.example"));
	assert_false(is_for("|1|" SALT "," HASH, "client.example"));
	assert_false(is_for("|1|" SALT "|", "client.example"));
	assert_false(is_for("|", "|"));
	assert_false(is_for("|1|*", "|1|x"));
	assert_false(is_for("|1|!" SALT "|" HASH, "client.example"));
}

static void
a_name_has_its_length(void **state)
{
	char name[LIMIT_HOST_NAME + 2];

	(void)state;
	memset(name, 'h', sizeof name);
	name[LIMIT_HOST_NAME] = '\0';
	assert_true(is_for("*", name));
	name[LIMIT_HOST_NAME] = 'h';
	name[LIMIT_HOST_NAME + 1] = '\0';
	assert_false(is_for("*", name));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_cut_as_sshd_cuts_them),
		cmocka_unit_test(what_is_no_such_line_is_refused),
		cmocka_unit_test(a_line_has_its_length),
		cmocka_unit_test(patterns_say_whom_it_is_about),
		cmocka_unit_test(a_name_may_be_hashed),
		cmocka_unit_test(a_name_has_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
