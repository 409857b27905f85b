/* Files of hosts that are believed: which line decides, and how. */
#include "modules/hostbased/hostlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* bob of client.example. */
static const struct hostlist_claim as_bob = {
	.host = "client.example",
	.client_user = "bob",
	.address = "192.0.2.7",
	.user = "bob",
};

static enum hostlist_answer
ask(const char *text, const struct hostlist_claim *claim)
{
	size_t line;

	return hostlist_ask(sp_text(text), claim, &line);
}

struct row {
	const char *text;
	enum hostlist_answer answer;
};

static void
check(const struct row *rows, size_t count, const struct hostlist_claim *claim)
{
	for (size_t i = 0; i < count; i++) {
		enum hostlist_answer answer = ask(rows[i].text, claim);

		if (answer != rows[i].answer)
			fail_msg("\"%s\": %d, not %d", rows[i].text,
			    (int)answer, (int)rows[i].answer);
	}
}

#define CHECK(rows, claim) check(rows, sizeof rows / sizeof rows[0], claim)

static void
a_host_is_believed_about_users_of_the_same_name(void **state)
{
	static const struct row rows[] = {
		{ "client.example", HOSTLIST_YES },
		{ "client.example\n", HOSTLIST_YES },
		{ "\tClient.Example. \t\r\n", HOSTLIST_YES },
		{ "client.example # of the lab\n", HOSTLIST_YES },
		{ "# a\n\nother\nclient.example", HOSTLIST_YES },
		{ "client.example bob", HOSTLIST_YES },
		/* From there another host's key would do as well. */
		{ "192.0.2.7", HOSTLIST_NOTHING },
		{ "::ffff:192.0.2.7", HOSTLIST_NOTHING },
		{ "192.0.2.7 bob", HOSTLIST_NOTHING },
		{ "", HOSTLIST_NOTHING },
		{ "\n\n#client.example\n", HOSTLIST_NOTHING },
		{ "client", HOSTLIST_NOTHING },
		{ "example", HOSTLIST_NOTHING },
		{ "client.example.org", HOSTLIST_NOTHING },
		{ "192.0.2.70", HOSTLIST_NOTHING },
		{ "192.0.2.0/24", HOSTLIST_NOTHING },
		{ "client.example alice", HOSTLIST_NOTHING },
		{ "client.example Bob", HOSTLIST_NOTHING },
		{ "client.example alice\nclient.example bob", HOSTLIST_YES },
	};

	(void)state;
	CHECK(rows, &as_bob);
}

static void
a_host_may_be_its_address(void **state)
{
	static const struct row rows[] = {
		{ "192.0.2.7", HOSTLIST_YES },
		{ "::ffff:192.0.2.7", HOSTLIST_YES },
		{ "192.0.2.7 bob", HOSTLIST_YES },
		{ "192.0.2.7 alice", HOSTLIST_NOTHING },
		{ "192.0.2.70", HOSTLIST_NOTHING },
		{ "client.example", HOSTLIST_NOTHING },
	};
	struct hostlist_claim claim = as_bob;

	(void)state;
	claim.host = "192.0.2.7";
	CHECK(rows, &claim);
}

static void
nobody_has_another_name_by_a_file_of_roots(void **state)
{
	static const struct row rows[] = {
		{ "client.example", HOSTLIST_NOTHING },
		{ "client.example bob", HOSTLIST_NOTHING },
		{ "client.example alice", HOSTLIST_NOTHING },
	};
	struct hostlist_claim claim = as_bob;

	(void)state;
	claim.user = "alice";
	CHECK(rows, &claim);
}

static void
a_users_own_file_says_who_else_may_be_he(void **state)
{
	static const struct row rows[] = {
		{ "client.example", HOSTLIST_NOTHING },
		{ "client.example bob", HOSTLIST_YES },
		{ "client.example alice", HOSTLIST_NOTHING },
		{ "other bob", HOSTLIST_NOTHING },
	};
	struct hostlist_claim claim = as_bob;

	(void)state;
	claim.user = "alice";
	claim.is_own = true;
	CHECK(rows, &claim);
	claim.user = "bob";
	assert_int_equal(ask("client.example", &claim), HOSTLIST_YES);
}

static void
root_is_named_or_let_in_by_no_line(void **state)
{
	struct hostlist_claim claim = as_bob;

	(void)state;
	claim.user = claim.client_user = "root";
	claim.is_root = true;
	for (int is_own = 0; is_own < 2; is_own++) {
		claim.is_own = is_own == 1;
		assert_int_equal(
		    ask("client.example", &claim), HOSTLIST_NOTHING);
		assert_int_equal(
		    ask("client.example root", &claim), HOSTLIST_YES);
	}
	claim.client_user = "bob";
	assert_int_equal(ask("client.example bob", &claim), HOSTLIST_YES);
	claim.is_own = false;
	assert_int_equal(ask("client.example bob", &claim), HOSTLIST_NOTHING);
	assert_int_equal(ask("client.example root", &claim), HOSTLIST_NOTHING);
}

static void
the_first_line_that_fits_decides(void **state)
{
	static const struct row rows[] = {
		{ "-client.example\nclient.example", HOSTLIST_NO },
		{ "client.example\n-client.example", HOSTLIST_YES },
		{ "-client.example bob\nclient.example", HOSTLIST_NO },
		{ "client.example -bob\nclient.example", HOSTLIST_NO },
		{ "-client.example -bob\nclient.example", HOSTLIST_NO },
		{ "-client.example alice\nclient.example", HOSTLIST_YES },
		{ "-192.0.2.7\nclient.example", HOSTLIST_NO },
		{ "-::FFFF:c000:207\nclient.example", HOSTLIST_NO },
		{ "-other\nclient.example", HOSTLIST_YES },
		{ "-client.example", HOSTLIST_NO },
	};
	struct hostlist_claim claim = as_bob;

	(void)state;
	CHECK(rows, &as_bob);
	/* Kept out is kept out, whoever he wants to be. */
	claim.user = "alice";
	claim.is_own = true;
	assert_int_equal(
	    ask("-client.example\nclient.example bob", &claim), HOSTLIST_NO);
}

static void
a_line_that_is_none_spoils_the_file(void **state)
{
	static const char *const rows[] = {
		"+",
		"+ +",
		"client.example +",
		"+@group",
		"@group",
		"-@group",
		"client.example @group",
		"client.example -@group",
		"-",
		"client.example -",
		"client.example bob alice",
		"client.example bob,alice",
		"*.example",
		"client.exampl?",
		"cli\1ent",
	};
	char text[128], lines[HOSTLIST_LINE_MAX + 2];
	size_t line;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "client.example\n\n%s\n", rows[i]);
		assert_int_equal(hostlist_ask(sp_text(text), &as_bob, &line),
		    HOSTLIST_BROKEN);
		assert_int_equal(line, 3);
	}
	memset(lines, 'h', sizeof lines);
	lines[HOSTLIST_LINE_MAX] = '\0';
	assert_int_equal(ask(lines, &as_bob), HOSTLIST_NOTHING);
	lines[HOSTLIST_LINE_MAX] = 'h';
	lines[HOSTLIST_LINE_MAX + 1] = '\0';
	assert_int_equal(ask(lines, &as_bob), HOSTLIST_BROKEN);
}

static void
the_line_that_decides_is_told(void **state)
{
	size_t line;

	(void)state;
	assert_int_equal(
	    hostlist_ask(sp_text("a\nb\nclient.example\nc\n"), &as_bob, &line),
	    HOSTLIST_YES);
	assert_int_equal(line, 3);
	assert_int_equal(
	    hostlist_ask(sp_text("a\nb\n"), &as_bob, &line), HOSTLIST_NOTHING);
	assert_int_equal(line, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_host_is_believed_about_users_of_the_same_name),
		cmocka_unit_test(a_host_may_be_its_address),
		cmocka_unit_test(nobody_has_another_name_by_a_file_of_roots),
		cmocka_unit_test(a_users_own_file_says_who_else_may_be_he),
		cmocka_unit_test(root_is_named_or_let_in_by_no_line),
		cmocka_unit_test(the_first_line_that_fits_decides),
		cmocka_unit_test(a_line_that_is_none_spoils_the_file),
		cmocka_unit_test(the_line_that_decides_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
