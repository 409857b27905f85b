/* What may be put into a command, and what a shell would make of. */
#include "daemon/session/forcedcommand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *
expand(const char *text, const char *user, const char *identity,
    const char *home, char room[FORCEDCOMMAND_SIZE])
{
	const struct session_facts facts = {
		.user = user,
		.identity = identity,
		.home = home,
	};

	return forcedcommand_expand(text, &facts, room);
}

static void
plain_values_are_put_in(void **state)
{
	char room[FORCEDCOMMAND_SIZE];

	(void)state;
	assert_null(expand("serve --as %i '%u' \"%h\" %%", "bob",
	    "Ann.B_1@x.org,+:-", "/home/bob", room));
	assert_string_equal(
	    room, "serve --as Ann.B_1@x.org,+:- 'bob' \"/home/bob\" %");
	assert_null(expand("true", "b ob", "$(id)", "relative", room));
	assert_string_equal(room, "true");
}

static void
what_a_shell_reads_otherwise_is_refused(void **state)
{
	static const char *const values[] = { "", "-x", ".", "..", "a b", "a;b",
		"$(id)", "`id`", "a'b", "a\"b", "a\\b", "a|b", "a&b", "a>b",
		"a<b", "a*b", "a?b", "[a]", "{a}", "~a", "#a", "!a", "a=b",
		"a%b", "a/b", "a\nb", "a\tb", "\xc3\xa4", "\x7f" };
	char room[FORCEDCOMMAND_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		if (expand("x %i", "bob", values[i], "/", room) == NULL)
			fail_msg("as an identity: %s", values[i]);
		assert_string_equal(room, "");
		if (expand("x %u", values[i], "bob", "/", room) == NULL)
			fail_msg("as a user: %s", values[i]);
	}
	assert_non_null(expand("x %h", "bob", "bob", "/home/b ob", room));
	assert_non_null(expand("x %h", "bob", "bob", "/$(id)", room));
	assert_non_null(expand("x %1", "bob", "bob", "/", room));
}

static void
what_is_too_long_is_refused(void **state)
{
	char text[SETTINGS_COMMAND_MAX + 1] = "";
	char room[FORCEDCOMMAND_SIZE];

	(void)state;
	while (strlen(text) + 2 < sizeof text)
		strcat(text, "%i");
	assert_null(expand(text, "bob", "123", "/", room));
	assert_non_null(expand(text, "bob", "12345", "/", room));
}

/* NULL, or why there is none; "" for the profile that has none. */
static const char *
choose(const char *profiles, const char *logins, char room[FORCEDCOMMAND_SIZE])
{
	const struct session_facts facts = {
		.user = "bob", .identity = "bob", .home = "/"
	};
	struct restrictions r = { 0 };
	const char *problem;

	if (logins != NULL)
		assert_null(restriction_add(&r, "command", logins));
	problem = forcedcommand_choose(profiles, &r, &facts, room);
	restriction_clear(&r);
	return problem;
}

static void
the_profiles_and_the_logins_must_agree(void **state)
{
	char room[FORCEDCOMMAND_SIZE];

	(void)state;
	assert_null(choose("for %u", NULL, room));
	assert_string_equal(room, "for bob");
	assert_null(choose("", "for %u $(id)", room));
	assert_string_equal(room, "for %u $(id)");
	assert_null(choose("for %u", "for bob", room));
	assert_string_equal(room, "for bob");
	assert_non_null(choose("for %u", "for %u", room));
	assert_non_null(choose("for %u", "for bob ", room));
	assert_non_null(choose("for %1", "for bob", room));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_values_are_put_in),
		cmocka_unit_test(what_a_shell_reads_otherwise_is_refused),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(the_profiles_and_the_logins_must_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
