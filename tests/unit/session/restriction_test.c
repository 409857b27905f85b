/* Restrictions only add up: each rule, by table. */
#include "daemon/session/restriction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const char unknown[] = "there is no restriction of this name";
static const char impossible[] = "this value is impossible";
static const char contradicts[] = "it contradicts another acceptance's";

/* Two acceptances say this; what holds then, or why the second is none. */
static const struct {
	const char *key;
	const char *first, *second;
	const char *value;
	const char *problem;
} rows[] = {
	{ "pty", "no", "no", "no", NULL },
	{ "pty", "no", "yes", "no", NULL },
	{ "pty", "yes", "no", "no", NULL },
	{ "pty", "yes", "yes", NULL, NULL },
	{ "user-rc", "no", "yes", "no", NULL },
	{ "agent-forwarding", "yes", "no", "no", NULL },
	{ "port-forwarding", "no", "yes", "no", NULL },
	{ "x11-forwarding", "yes", "no", "no", NULL },
	{ "pty", "no", "maybe", "no", impossible },
	{ "pty", "no", "", "no", impossible },
	{ "command", "id", "id", "id", NULL },
	{ "command", "id", "ls", "id", contradicts },
	{ "command", "id", "", "id", impossible },
	{ "tunnel", "1", "1", "1", NULL },
	{ "tunnel", "1", "2", "1", contradicts },
	{ "tunnel", "1", "x", "1", impossible },
	{ "session-time", "5000", "300", "300", NULL },
	{ "session-time", "300", "5000", "300", NULL },
	{ "idle-time", "7", "7", "7", NULL },
	{ "idle-time", "7", "0", "7", impossible },
	{ "idle-time", "7", "-1", "7", impossible },
	{ "permitopen", "a:1 b:2", "b:2 c:3", "a:1 b:2\nb:2 c:3", NULL },
	{ "permitopen", "a:1", "a:1", "a:1", NULL },
	{ "permitopen", "a:1", "a:0", "a:1", impossible },
	{ "permitlisten", "*:80", "localhost:80", "*:80\nlocalhost:80", NULL },
	{ "from", "10.*", "!10.1.1.1,*", "10.*\n!10.1.1.1,*", NULL },
	{ "from", "10.*", "10.0.0.0/40", "10.*", impossible },
	{ "expiry", "20300101", "20310101Z", "20300101\n20310101Z", NULL },
	{ "expiry", "20300101", "never", "20300101", impossible },
	{ "verify", "yes", "yes", "yes", NULL },
	{ "verify", "yes", "no", "yes", impossible },
	{ "pty", "no", "no\nyes", "no", impossible },
};

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
two_that_say_it_add_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct restrictions r = { 0 };
		const char *problem;

		assert_null(restriction_add(&r, rows[i].key, rows[i].first));
		problem = restriction_add(&r, rows[i].key, rows[i].second);
		if (!is_same(problem, rows[i].problem) ||
		    !is_same(restriction_value(&r, rows[i].key), rows[i].value))
			fail_msg("%s %s", rows[i].key, rows[i].second);
		restriction_clear(&r);
	}
}

static void
a_set_is_added_as_its_members_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct restrictions a = { 0 }, b = { 0 };

		if (rows[i].problem == impossible)
			continue;
		assert_null(restriction_add(&a, rows[i].key, rows[i].first));
		assert_null(restriction_add(&b, rows[i].key, rows[i].second));
		assert_true(
		    is_same(restriction_merge(&a, &b), rows[i].problem));
		assert_true(
		    is_same(restriction_value(&a, rows[i].key), rows[i].value));
		/* And again, which changes nothing. */
		assert_true(
		    is_same(restriction_merge(&a, &b), rows[i].problem));
		assert_true(
		    is_same(restriction_value(&a, rows[i].key), rows[i].value));
		restriction_clear(&a);
		restriction_clear(&b);
	}
}

static void
what_is_not_known_is_not_overlooked(void **state)
{
	struct restrictions r = { 0 };

	(void)state;
	assert_string_equal(restriction_add(&r, "colour", "no"), unknown);
	assert_string_equal(restriction_add(&r, "", "no"), unknown);
	assert_string_equal(restriction_add(&r, "PTY", "no"), unknown);
	assert_null(restriction_value(&r, "colour"));
}

static void
values_have_a_length(void **state)
{
	static char text[RESTRICTION_VALUE_MAX + 2];
	struct restrictions r = { 0 };

	(void)state;
	memset(text, 'x', RESTRICTION_VALUE_MAX + 1);
	assert_string_equal(restriction_add(&r, "command", text), impossible);
	text[RESTRICTION_VALUE_MAX] = '\0';
	assert_null(restriction_add(&r, "command", text));
	restriction_clear(&r);
	memcpy(text + RESTRICTION_VALUE_MAX - 2, ":1", 3);
	assert_string_equal(
	    restriction_add(&r, "permitopen", text), impossible);
	restriction_clear(&r);
}

static void
bounds_get_narrower(void **state)
{
	struct restrictions r = { 0 };

	(void)state;
	assert_int_equal(
	    restriction_narrow(&r, RESTRICTION_IDLE_TIME, 500), 500);
	assert_int_equal(restriction_narrow(&r, RESTRICTION_IDLE_TIME, 0), 0);
	assert_null(restriction_add(&r, "idle-time", "300"));
	assert_int_equal(
	    restriction_narrow(&r, RESTRICTION_IDLE_TIME, 500), 300);
	assert_int_equal(
	    restriction_narrow(&r, RESTRICTION_IDLE_TIME, 200), 200);
	assert_int_equal(restriction_narrow(&r, RESTRICTION_IDLE_TIME, 0), 300);
	restriction_clear(&r);
}

static void
variables_agree_and_are_not_ours(void **state)
{
	static const char *const bad[] = { "", "1A", "A B", "A=B", "A-B",
		"SSH_CLIENT", "SSH_CONNECTION", "SSH_ORIGINAL_COMMAND",
		"SSH_TTY", "SSH_USER_AUTH", "SALLYPORT_IDENTITY" };
	struct restrictions r = { 0 }, added = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_non_null(restriction_set_variable(&r, bad[i], "x"));
	assert_int_equal(r.variable_count, 0);
	assert_null(restriction_set_variable(&r, "A", "1=2"));
	assert_null(restriction_set_variable(&r, "A", "1=2"));
	assert_null(restriction_set_variable(&r, "AB", ""));
	assert_string_equal(
	    restriction_set_variable(&r, "A", "3"), contradicts);
	assert_int_equal(r.variable_count, 2);
	assert_true(restriction_has_variable(&r, "A"));
	assert_true(restriction_has_variable(&r, "AB"));
	assert_false(restriction_has_variable(&r, "B"));
	assert_false(restriction_has_variable(&r, "A=1"));
	assert_string_equal(r.variables[0], "A=1=2");
	assert_string_equal(r.variables[1], "AB=");
	assert_null(r.variables[2]);
	assert_null(restriction_set_variable(&added, "C", "4"));
	assert_null(restriction_merge(&r, &added));
	assert_string_equal(r.variables[2], "C=4");
	assert_null(restriction_set_variable(&added, "A", "9"));
	assert_string_equal(restriction_merge(&r, &added), contradicts);
	restriction_clear(&r);
	restriction_clear(&added);
}

static void
there_are_not_too_many_variables(void **state)
{
	struct restrictions r = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < RESTRICTION_VARIABLES; i++) {
		snprintf(name, sizeof name, "V%d", i);
		assert_null(restriction_set_variable(&r, name, "x"));
	}
	assert_non_null(restriction_set_variable(&r, "W", "x"));
	restriction_clear(&r);
}

static void
what_must_hold_now_is_looked_at(void **state)
{
	struct restriction_moment moment = { .seconds = 1893456000 };
	struct restrictions r = { 0 };

	(void)state;
	assert_true(cidr_parse_address("10.1.2.3", &moment.peer));
	assert_null(restriction_check(&r, &moment));
	assert_null(restriction_add(&r, "from", "10.*"));
	assert_null(restriction_add(&r, "expiry", "20300101Z"));
	assert_null(restriction_check(&r, &moment));
	moment.seconds++;
	assert_string_equal(restriction_check(&r, &moment), "its time is over");
	moment.seconds--;
	/* Each of them. */
	assert_null(restriction_add(&r, "from", "!10.1.2.3,*"));
	assert_string_equal(restriction_check(&r, &moment),
	    "it may not be used from this address");
	restriction_clear(&r);
	assert_null(restriction_add(&r, "verify", "yes"));
	assert_non_null(restriction_check(&r, &moment));
	moment.is_verified = true;
	assert_null(restriction_check(&r, &moment));
	moment.is_verified = false;
	moment.is_probe = true;
	assert_null(restriction_check(&r, &moment));
	restriction_clear(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_that_say_it_add_up),
		cmocka_unit_test(a_set_is_added_as_its_members_are),
		cmocka_unit_test(what_is_not_known_is_not_overlooked),
		cmocka_unit_test(values_have_a_length),
		cmocka_unit_test(bounds_get_narrower),
		cmocka_unit_test(variables_agree_and_are_not_ours),
		cmocka_unit_test(there_are_not_too_many_variables),
		cmocka_unit_test(what_must_hold_now_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
