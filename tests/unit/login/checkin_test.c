/* Who is counted at all. */
#include "daemon/login/checkin.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct modgroup handlers[] = {
	{ .name = "plain" },
	{ .name = "counting", .counts = true },
};

static struct profile_settings
no_handlers(void)
{
	return (struct profile_settings){
		.shell = SETTINGS_NONE,
		.exec = SETTINGS_NONE,
		.scp = SETTINGS_NONE,
	};
}

static void
only_who_has_a_limit_is_counted(void **state)
{
	struct profile_settings profiles[2] = { no_handlers(), no_handlers() };
	const struct access_settings access = {
		.profiles = profiles,
		.profile_count = 2,
	};

	(void)state;
	assert_false(checkin_is_wanted(&access, handlers));
	profiles[1].sessions_per_identity = 1;
	assert_true(checkin_is_wanted(&access, handlers));
}

/* Of a handler that counts, and only where a profile has it. */
static void
who_has_a_handler_that_counts_takes_a_seat(void **state)
{
	struct subsystem_settings subsystem = { .name = "x", .handler = 0 };
	struct profile_settings profile = no_handlers();
	const struct access_settings access = {
		.profiles = &profile,
		.profile_count = 1,
	};

	(void)state;
	assert_false(checkin_is_wanted(&access, handlers));
	profile.subsystems = &subsystem;
	profile.subsystem_count = 1;
	assert_false(checkin_is_wanted(&access, handlers));
	subsystem.handler = 1;
	assert_true(checkin_is_wanted(&access, handlers));
	for (size_t i = 0; i < 3; i++) {
		profile = no_handlers();
		*(size_t *[]){ &profile.shell, &profile.exec,
			&profile.scp }[i] = 1;
		assert_true(checkin_is_wanted(&access, handlers));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_has_a_limit_is_counted),
		cmocka_unit_test(who_has_a_handler_that_counts_takes_a_seat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
