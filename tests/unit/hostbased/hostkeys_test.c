/* Keys of hosts: what a file says of one, and what it takes back. */
#include "modules/hostbased/hostkeys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEY \
	"AAAAC3NzaC1lZDI1NTE5AAAAIIHVxgaUPkstwmVFypEaTmt" \
	"twIjILFXcntlsw2s1HDZ9"
#define OTHER_KEY \
	"AAAAC3NzaC1lZDI1NTE5AAAAIH2XHC1Wy6jM+epo3zyoxlp" \
	"4yLjV4RKtba4E6KYKAqaJ"
#define HASHED "|1|zM6QQEYbFlLEgF7OzyjxDy9zvPI=|1ixB3/aNc0ytn7lTtRkBZ6lw51A="

enum { BLOB_LEN = 51 };

static uint8_t key_room[BLOB_LEN], other_room[BLOB_LEN];
static struct hostkeys_subject plain, certified;

static struct sp_view
blob_of(const char *base64, uint8_t room[BLOB_LEN])
{
	struct sp_key_line line = { .base64 = sp_text(base64) };
	size_t len;

	assert_int_equal(sp_key_line_blob(&line, room, BLOB_LEN, &len), SP_OK);
	return (struct sp_view){ room, len };
}

static int
set_up(void **state)
{
	(void)state;
	plain.name = certified.name = "client.example";
	plain.key = plain.plain = blob_of(KEY, key_room);
	/* Of a certificate nothing is read here but whose it is. */
	certified.key = sp_text("a certificate");
	certified.plain = plain.plain;
	certified.authority = blob_of(OTHER_KEY, other_room);
	return 0;
}

static void
assert_answer(const char *text, const struct hostkeys_subject *subject,
    enum hostkeys_answer wanted, size_t wanted_line)
{
	size_t line;
	enum hostkeys_answer answer =
	    hostkeys_ask(sp_text(text), subject, &line);

	if (answer != wanted || line != wanted_line)
		fail_msg("\"%s\": %d by line %zu", text, (int)answer, line);
}

static void
a_key_is_a_hosts_where_a_line_says_so(void **state)
{
	(void)state;
	assert_answer(
	    "client.example ssh-ed25519 " KEY "\n", &plain, HOSTKEYS_YES, 1);
	assert_answer(
	    "# c\n\n" HASHED " ssh-ed25519 " KEY, &plain, HOSTKEYS_YES, 3);
	assert_answer(
	    "*.example ssh-ed25519 " KEY " c\n", &plain, HOSTKEYS_YES, 1);
	assert_answer("client.example ssh-ed25519 " OTHER_KEY
		      "\nclient.example ssh-ed25519 " KEY "\n",
	    &plain, HOSTKEYS_YES, 2);
	assert_answer(
	    "other.example ssh-ed25519 " KEY "\n", &plain, HOSTKEYS_NOTHING, 0);
	assert_answer("client.example ssh-ed25519 " OTHER_KEY "\n", &plain,
	    HOSTKEYS_NOTHING, 0);
	assert_answer("*,!client.example ssh-ed25519 " KEY "\n", &plain,
	    HOSTKEYS_NOTHING, 0);
	assert_answer("@cert-authority client.example ssh-ed25519 " KEY "\n",
	    &plain, HOSTKEYS_NOTHING, 0);
	assert_answer("", &plain, HOSTKEYS_NOTHING, 0);
}

static void
a_certificate_needs_its_authority(void **state)
{
	(void)state;
	assert_answer("@cert-authority *.example ssh-ed25519 " OTHER_KEY "\n",
	    &certified, HOSTKEYS_YES, 1);
	assert_answer("@cert-authority *.org ssh-ed25519 " OTHER_KEY "\n",
	    &certified, HOSTKEYS_NOTHING, 0);
	/* Neither the authority as a host nor the plain key will do. */
	assert_answer("* ssh-ed25519 " OTHER_KEY "\n* ssh-ed25519 " KEY,
	    &certified, HOSTKEYS_NOTHING, 0);
	assert_answer("@cert-authority * ssh-ed25519 " KEY "\n", &certified,
	    HOSTKEYS_NOTHING, 0);
}

static void
what_is_revoked_is_so_wherever_it_stands(void **state)
{
	static const char *const rows[] = {
		"* ssh-ed25519 " KEY "\n@revoked * ssh-ed25519 " KEY "\n",
		"@revoked * ssh-ed25519 " KEY "\n* ssh-ed25519 " KEY "\n",
		/* For whomever. */
		"* ssh-ed25519 " KEY "\n@revoked other ssh-ed25519 " KEY "\n",
	};
	size_t line;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(hostkeys_ask(sp_text(rows[i]), &plain, &line),
		    HOSTKEYS_REVOKED);
	assert_answer("* ssh-ed25519 " KEY "\n@revoked * ssh-ed25519 " OTHER_KEY
		      "\n",
	    &plain, HOSTKEYS_YES, 1);
	assert_answer("@cert-authority * ssh-ed25519 " OTHER_KEY
		      "\n@revoked * ssh-ed25519 " KEY "\n",
	    &certified, HOSTKEYS_REVOKED, 2);
	assert_answer("@cert-authority * ssh-ed25519 " OTHER_KEY
		      "\n@revoked * ssh-ed25519 " OTHER_KEY "\n",
	    &certified, HOSTKEYS_REVOKED, 2);
}

static void
a_line_that_could_have_revoked_spoils_the_file(void **state)
{
	static const char good[] = "* ssh-ed25519 " KEY "\n";
	static const char *const rows[] = {
		"@revoked * ssh-ed25519 AAAA",
		" @revoked *",
		"@Revoked * ssh-ed25519 " KEY,
		"\t@other * ssh-ed25519 " KEY,
		"@",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "%s%s\n", good, rows[i]);
		assert_answer(text, &plain, HOSTKEYS_BROKEN, 2);
		snprintf(text, sizeof text, "%s\n%s", rows[i], good);
		assert_answer(text, &plain, HOSTKEYS_BROKEN, 1);
	}
	/* Any other is as if it were not there. */
	assert_answer("nonsense\n* 1024 35 12345\n* ssh-ed25519 " KEY, &plain,
	    HOSTKEYS_YES, 3);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_a_hosts_where_a_line_says_so),
		cmocka_unit_test(a_certificate_needs_its_authority),
		cmocka_unit_test(what_is_revoked_is_so_wherever_it_stands),
		cmocka_unit_test(
		    a_line_that_could_have_revoked_spoils_the_file),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
