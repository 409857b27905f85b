/* Which variables a client may set. */
#include "daemon/session/environment.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const items[] = { "LANG", "LC_*", "X?" };
static const struct string_list patterns = { items, 3 };

static bool
set(struct environment *e, const char *name, const char *value)
{
	return environment_set(
	    e, &patterns, view_of_string(name), view_of_string(value));
}

static void
what_a_pattern_lets_through_is_set(void **state)
{
	struct environment e = { 0 };

	(void)state;
	assert_true(set(&e, "LANG", "C"));
	assert_true(set(&e, "LC_TIME", "de_DE.UTF-8"));
	assert_true(set(&e, "X1", ""));
	assert_string_equal(e.variables[0], "LANG=C");
	assert_string_equal(e.variables[1], "LC_TIME=de_DE.UTF-8");
	assert_string_equal(e.variables[2], "X1=");
	assert_null(e.variables[3]);
	environment_clear(&e);
	assert_null(e.variables[0]);
}

static void
what_no_pattern_lets_through_is_refused(void **state)
{
	static const struct string_list none = { NULL, 0 };
	struct environment e = { 0 };

	(void)state;
	assert_false(set(&e, "PATH", "/tmp"));
	assert_false(set(&e, "LD_PRELOAD", "x"));
	assert_false(set(&e, "XLANG", "x"));
	assert_false(environment_set(
	    &e, &none, view_of_string("LANG"), view_of_string("C")));
	assert_int_equal(e.count, 0);
}

static void
what_only_the_daemon_says_no_pattern_lets_through(void **state)
{
	static const char *const all[] = { "*", "SSH_ORIGINAL_COMMAND" };
	static const struct string_list anything = { all, 2 };
	static const char *const names[] = { "SSH_CLIENT", "SSH_CONNECTION",
		"SSH_ORIGINAL_COMMAND", "SSH_TTY", "SSH_USER_AUTH",
		"SALLYPORT_IDENTITY", "SALLYPORT_ANYTHING" };
	struct environment e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_false(environment_set(&e, &anything,
		    view_of_string(names[i]), view_of_string("x")));
	assert_true(environment_set(
	    &e, &anything, view_of_string("SSH_MINE"), view_of_string("x")));
	environment_clear(&e);
}

static void
what_is_no_variable_is_refused(void **state)
{
	struct environment e = { 0 };

	(void)state;
	assert_false(set(&e, "", "x"));
	assert_false(set(&e, "LC_A=B", "x"));
	assert_false(set(&e, "LC_A B", "x"));
	assert_false(environment_set(
	    &e, &patterns, view_of("LANG\0", 5), view_of_string("C")));
	assert_false(environment_set(
	    &e, &patterns, view_of_string("LANG"), view_of("a\0b", 3)));
	assert_int_equal(e.count, 0);
}

static void
a_variable_set_twice_has_its_last_value(void **state)
{
	struct environment e = { 0 };

	(void)state;
	assert_true(set(&e, "LC_A", "one"));
	assert_true(set(&e, "LC_AB", "other"));
	assert_true(set(&e, "LC_A", "two"));
	assert_int_equal(e.count, 2);
	assert_string_equal(e.variables[0], "LC_A=two");
	assert_int_equal(e.bytes, sizeof "LC_A=two" + sizeof "LC_AB=other");
	environment_clear(&e);
}

static void
number_and_size_are_bounded(void **state)
{
	struct environment e = { 0 };
	char *large = malloc(ENVIRONMENT_BYTES_MAX);
	char name[8] = "LC_";

	(void)state;
	memset(large, 'x', ENVIRONMENT_BYTES_MAX);
	large[ENVIRONMENT_BYTES_MAX - 6] = '\0';
	assert_true(set(&e, "LANG", large));
	assert_false(set(&e, "LC_A", ""));
	environment_clear(&e);
	for (int i = 0; i < ENVIRONMENT_MAX; i++) {
		name[3] = (char)('A' + i % 26);
		name[4] = (char)('A' + i / 26);
		assert_true(set(&e, name, ""));
	}
	assert_false(set(&e, "LANG", ""));
	assert_null(e.variables[ENVIRONMENT_MAX]);
	environment_clear(&e);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_pattern_lets_through_is_set),
		cmocka_unit_test(what_no_pattern_lets_through_is_refused),
		cmocka_unit_test(
		    what_only_the_daemon_says_no_pattern_lets_through),
		cmocka_unit_test(what_is_no_variable_is_refused),
		cmocka_unit_test(a_variable_set_twice_has_its_last_value),
		cmocka_unit_test(number_and_size_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
