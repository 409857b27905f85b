/* Who is counted at all. */
#include "daemon/login/checkin.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
only_who_has_a_limit_is_counted(void **state)
{
	struct profile_settings profiles[2] = { { 0 } };
	const struct access_settings access = {
		.profiles = profiles,
		.profile_count = 2,
	};

	(void)state;
	assert_false(checkin_is_wanted(&access));
	profiles[1].sessions_per_identity = 1;
	assert_true(checkin_is_wanted(&access));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_has_a_limit_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
