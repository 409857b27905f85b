/* The options of key lines: what each says, and what spoils a line. */
#include "lib/limits.h"
#include "lib/wire/view.h"

#include <sallyport/key.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static bool
parse(const char *text, struct sp_key_options *o)
{
	struct sp_view fault;

	return sp_key_options_parse(view_of_string(text), o, &fault) == SP_OK;
}

/* What is set, a letter each: agent, port, pty, rc, x11, touch, verify, ca. */
static void
write_flags(const struct sp_key_options *o, char text[9])
{
	snprintf(text, 9, "%s%s%s%s%s%s%s%s", o->no_agent_forwarding ? "a" : "",
	    o->no_port_forwarding ? "f" : "", o->no_pty ? "p" : "",
	    o->no_user_rc ? "r" : "", o->no_x11_forwarding ? "x" : "",
	    o->no_touch_required ? "t" : "", o->verify_required ? "v" : "",
	    o->cert_authority ? "c" : "");
}

static void
flags_take_away_and_give_back_in_their_order(void **state)
{
	static const struct {
		const char *text, *flags;
	} rows[] = {
		{ "", "" },
		{ "restrict", "afprx" },
		{ "restrict,pty", "afrx" },
		{ "pty,restrict", "afprx" },
		{ "restrict,agent-forwarding,port-forwarding,user-rc,"
		  "X11-forwarding",
		    "p" },
		{ "no-agent-forwarding", "a" },
		{ "no-port-forwarding", "f" },
		{ "no-pty", "p" },
		{ "no-user-rc", "r" },
		{ "no-X11-forwarding", "x" },
		{ "NO-PTY,Restrict,PTY", "afrx" },
		{ "no-touch-required", "t" },
		{ "no-touch-required,touch-required", "" },
		{ "verify-required", "v" },
		{ "verify-required,no-verify-required", "" },
		{ "cert-authority", "c" },
		{ "permit-something", "" },
		{ "permit-something=\"new\",no-pty", "p" },
	};
	char flags[9];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_key_options o;

		assert_true(parse(rows[i].text, &o));
		write_flags(&o, flags);
		assert_string_equal(flags, rows[i].flags);
		sp_key_options_clear(&o);
	}
}

static void
values_stand_in_quotes(void **state)
{
	struct sp_key_options o;

	(void)state;
	assert_true(
	    parse("command=\"echo \\\"a, b\\\" \\\\n\",from=\"10.*,!h\","
		  "tunnel=\"1\",principals=\"a,b\"",
		&o));
	assert_string_equal(o.command, "echo \"a, b\" \\\\n");
	assert_string_equal(o.from, "10.*,!h");
	assert_string_equal(o.tunnel, "1");
	assert_string_equal(o.principals, "a,b");
	assert_null(o.permitopen);
	assert_null(o.expiry_times);
	sp_key_options_clear(&o);
	assert_null(o.command);
}

static void
some_may_be_said_again(void **state)
{
	struct sp_key_options o;

	(void)state;
	assert_true(parse("permitopen=\"a:1\",permitlisten=\"8080\",no-pty,"
			  "permitopen=\"[::1]:*\",permitlisten=\"h:1\","
			  "environment=\"A=b c\",expiry-time=\"20300101\","
			  "environment=\"D=\",expiry-time=\"20310101Z\"",
	    &o));
	assert_string_equal(o.permitopen, "a:1 [::1]:*");
	assert_string_equal(o.permitlisten, "*:8080 h:1");
	assert_string_equal(o.expiry_times, "20300101 20310101Z");
	assert_int_equal(o.environment_count, 2);
	assert_string_equal(o.environment, "A=b c");
	assert_string_equal(o.environment + strlen("A=b c") + 1, "D=");
	sp_key_options_clear(&o);
}

static void
a_restriction_that_is_not_understood_is_not_overlooked(void **state)
{
	static const char *const texts[] = { "no-such-thing", "no-colour",
		"permit-", "permitt", "restrictx", "no-restrict",
		"no-cert-authority", "no-pty ", "no-pty,", ",no-pty",
		"no-pty,,pty", "no-pty=\"x\"", "pty pty", "command",
		"command=", "command=id", "command=\"\"", "command=\"id",
		"command=\"id\"x", "command=\"id\\\"", "command=\"a\",,pty",
		"command=\"a\",command=\"a\"", "from=\"a\",from=\"b\"",
		"principals=\"a\",principals=\"b\"",
		"tunnel=\"1\",tunnel=\"1\"", "environment=\"A\"",
		"environment=\"=b\"", "environment=\"\"",
		"permitopen=\"a b:1\"", "permitopen=\"\"", "expiry-time=\"\"",
		"permit-x=", "permit-x=\"", "command=\"id\" pty", "\"", "=" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct sp_key_options o;

		if (parse(texts[i], &o))
			fail_msg("%s", texts[i]);
	}
}

static void
the_fault_is_where_it_begins(void **state)
{
	struct sp_key_options o;
	struct sp_view fault;

	(void)state;
	assert_int_equal(
	    sp_key_options_parse(
		view_of_string("no-pty,colour=\"red\",pty"), &o, &fault),
	    SP_ERR_KEY_FORMAT);
	assert_true(view_equal_string(fault, "colour=\"red\",pty"));
}

static void
every_beginning_is_whole_or_refused(void **state)
{
	static const char text[] = "restrict,command=\"a \\\"b\",permitopen="
				   "\"a:1\",environment=\"A=b\",no-pty";

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++) {
		char *copy = malloc(len);
		struct sp_key_options o;
		struct sp_view fault;

		assert_true(len == 0 || copy != NULL);
		if (len > 0)
			memcpy(copy, text, len);
		if (sp_key_options_parse(view_of(copy, len), &o, &fault) ==
		    SP_OK) {
			assert_true(len == 0 || text[len] == ',');
			sp_key_options_clear(&o);
		}
		free(copy);
	}
}

static void
options_have_a_length_and_no_nul(void **state)
{
	static char text[LIMIT_KEY_LINE + 1];
	struct sp_key_options o;
	struct sp_view fault;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "command=\"", 9);
	text[LIMIT_KEY_LINE - 1] = '"';
	assert_int_equal(
	    sp_key_options_parse(view_of(text, LIMIT_KEY_LINE), &o, &fault),
	    SP_OK);
	sp_key_options_clear(&o);
	text[LIMIT_KEY_LINE] = ',';
	assert_int_not_equal(
	    sp_key_options_parse(view_of(text, sizeof text), &o, &fault),
	    SP_OK);
	assert_int_not_equal(
	    sp_key_options_parse(view_of("pty\0", 4), &o, &fault), SP_OK);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_take_away_and_give_back_in_their_order),
		cmocka_unit_test(values_stand_in_quotes),
		cmocka_unit_test(some_may_be_said_again),
		cmocka_unit_test(
		    a_restriction_that_is_not_understood_is_not_overlooked),
		cmocka_unit_test(the_fault_is_where_it_begins),
		cmocka_unit_test(every_beginning_is_whole_or_refused),
		cmocka_unit_test(options_have_a_length_and_no_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
