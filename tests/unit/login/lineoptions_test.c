/* Options of key lines, as restrictions of a login. */
#include "daemon/login/login.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sp_login login;
static char err[256];

/* Whether a line with these options holds for 10.1.2.3 in 2030. */
static bool
takes(const char *text)
{
	static const char *const names[] = { "A", "LC_*", "SSH_*" };
	static const struct sp_list allowed = { names, 3 };
	struct trial_proof proof = { .moment.seconds = 1893456000 };
	struct sp_key_options options;
	struct sp_view fault;
	bool is_taken;

	assert_true(cidr_parse_address("10.1.2.3", &proof.moment.peer));
	trial_begin(&login.trial, &proof);
	assert_int_equal(
	    sp_key_options_parse(view_of_string(text), &options, &fault),
	    SP_OK);
	err[0] = '\0';
	is_taken =
	    sp_login_take_options(&login, &options, &allowed, err, sizeof err);
	sp_key_options_clear(&options);
	assert_int_equal(is_taken, err[0] == '\0');
	return is_taken;
}

static const char *
said(const char *key)
{
	return restriction_value(&login.trial.said, key);
}

static void
each_option_restricts(void **state)
{
	static const struct {
		const char *options, *key, *value;
	} rows[] = {
		{ "no-pty", "pty", "no" },
		{ "no-user-rc", "user-rc", "no" },
		{ "no-agent-forwarding", "agent-forwarding", "no" },
		{ "no-port-forwarding", "port-forwarding", "no" },
		{ "no-X11-forwarding", "x11-forwarding", "no" },
		{ "restrict", "pty", "no" },
		{ "restrict,pty", "pty", NULL },
		{ "restrict,pty", "user-rc", "no" },
		{ "command=\"id -u\"", "command", "id -u" },
		{ "from=\"10.*\"", "from", "10.*" },
		{ "expiry-time=\"20400101Z\"", "expiry", "20400101Z" },
		{ "expiry-time=\"20400101Z\",expiry-time=\"20410101Z\"",
		    "expiry", "20400101Z\n20410101Z" },
		{ "permitopen=\"a:1\",permitopen=\"b:2\"", "permitopen",
		    "a:1 b:2" },
		{ "permitlisten=\"80\"", "permitlisten", "*:80" },
		{ "tunnel=\"any\"", "tunnel", "any" },
		{ "verify-required", "verify", "yes" },
		{ "pty", "pty", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *value;

		assert_true(takes(rows[i].options));
		value = said(rows[i].key);
		if (value == NULL || rows[i].value == NULL)
			assert_ptr_equal(value, rows[i].value);
		else
			assert_string_equal(value, rows[i].value);
		assert_null(login.trial.problem);
	}
}

/* And nothing of such a line is said. */
static void
what_does_not_hold_adds_nothing(void **state)
{
	static const char *const texts[] = { "from=\"11.*\"",
		"from=\"10.0.0.0/99\"", "expiry-time=\"20200101\"",
		"expiry-time=\"20400101Z\",expiry-time=\"20200101Z\"",
		"expiry-time=\"soon\"", "permitopen=\"a:0\"",
		"permitopen=\"a:1\",permitopen=\"a\"", "tunnel=\"x\"",
		"environment=\"SSH_TTY=x\"" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char line[256] = "no-pty,no-touch-required,";

		strcat(line, texts[i]);
		if (takes(line))
			fail_msg("%s", line);
		assert_null(said("pty"));
		assert_false(login.trial.may_be_untouched);
		/* The next line may hold: the module says yes then. */
		assert_null(login.trial.problem);
	}
}

static void
variables_are_set_that_may_be(void **state)
{
	(void)state;
	assert_true(takes("environment=\"A=1\",environment=\"B=2\","
			  "environment=\"A=3\",environment=\"LC_ALL=C=D\""));
	assert_int_equal(login.trial.said.variable_count, 2);
	assert_string_equal(login.trial.said.variables[0], "A=1");
	assert_string_equal(login.trial.said.variables[1], "LC_ALL=C=D");
}

static void
a_touch_may_be_done_without(void **state)
{
	(void)state;
	assert_true(takes("no-touch-required"));
	assert_true(login.trial.may_be_untouched);
	assert_true(takes("restrict"));
	assert_false(login.trial.may_be_untouched);
}

static int
tear_down(void **state)
{
	(void)state;
	login_clear(&login);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_restricts),
		cmocka_unit_test(what_does_not_hold_adds_nothing),
		cmocka_unit_test(variables_are_set_that_may_be),
		cmocka_unit_test(a_touch_may_be_done_without),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
