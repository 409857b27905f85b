/* What somebody meant who misspelt a name. */
#include "daemon/config/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *
nearest(const char *word)
{
	static const char *const known[] = { "listen", "host_keys",
		"login_time", "max_logins", "max_tries", "use", "user" };
	struct spelling spelling = { .word = word };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		spelling_offer(&spelling, known[i]);
	return spelling.nearest == NULL ? "" : spelling.nearest;
}

static void
a_name_with_a_slip_is_found(void **state)
{
	(void)state;
	assert_string_equal(nearest("lisen"), "listen");
	assert_string_equal(nearest("listne"), "listen");
	assert_string_equal(nearest("lissten"), "listen");
	assert_string_equal(nearest("hostkeys"), "host_keys");
	assert_string_equal(nearest("login-time"), "login_time");
	assert_string_equal(nearest("uesr"), "user");
	assert_string_equal(nearest("max_login"), "max_logins");
}

static void
a_name_that_is_far_from_all_gets_no_hint(void **state)
{
	char hint[SPELLING_HINT_SIZE];
	struct spelling spelling = { .word = "permit_root" };

	(void)state;
	assert_string_equal(nearest("permit_root"), "");
	assert_string_equal(nearest(""), "");
	assert_string_equal(nearest("xyz"), "");
	spelling_hint(&spelling, hint);
	assert_string_equal(hint, "");
}

static void
a_name_of_any_length_is_compared_safely(void **state)
{
	char word[300];

	(void)state;
	for (size_t len = 0; len < sizeof word - 1; len++) {
		memset(word, 'l', len);
		word[len] = '\0';
		nearest(word);
	}
}

static void
the_hint_names_the_nearest(void **state)
{
	struct spelling spelling = { .word = "lsiten" };
	char hint[SPELLING_HINT_SIZE];

	(void)state;
	spelling_offer(&spelling, "listen");
	spelling_hint(&spelling, hint);
	assert_string_equal(hint, " (did you mean \"listen\"?)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_with_a_slip_is_found),
		cmocka_unit_test(a_name_that_is_far_from_all_gets_no_hint),
		cmocka_unit_test(a_name_of_any_length_is_compared_safely),
		cmocka_unit_test(the_hint_names_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
