/* What a profile may be given, and the mistakes in it. */
#include "tests/unit/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A configuration whose profile has these settings besides. */
static void
read_profile(void **state, const char *settings)
{
	char text[16384];

	snprintf(text, sizeof text,
	    "auth = { keys = { type = \"authorized_keys\"; }; };\n"
	    "handlers = { login = { type = \"login\"; }; };\n"
	    "profiles = { staff = { accept = \"keys\"; %s }; };\n"
	    "rules = ( { use = \"staff\"; } );\n",
	    settings);
	configuration_read_text(*state, text);
}

static void
expect_mistake(void **state, const char *settings, const char *told)
{
	struct configuration *c = *state;

	read_profile(state, settings);
	for (size_t i = 0; i < c->mistakes.count; i++)
		if (strstr(c->mistakes.items[i].text, told) != NULL)
			return;
	mistake_print(&c->mistakes, stderr);
	fail_msg("not told: %s", told);
}

static const struct profile_settings *
expect_profile(void **state, const char *settings)
{
	struct configuration *c = *state;

	read_profile(state, settings);
	if (c->settings == NULL)
		mistake_print(&c->mistakes, stderr);
	assert_non_null(c->settings);
	return &c->settings->access.profiles[0];
}

static void
a_command_needs_somebody_who_runs_it(void **state)
{
	const struct profile_settings *profile = expect_profile(state,
	    "exec = \"login\"; command = \"x %u %% %h\"; signals = true;");

	assert_string_equal(profile->command, "x %u %% %h");
	assert_true(profile->signals);
	assert_string_equal(expect_profile(state, "")->command, "");
	expect_mistake(state, "command = \"x\";",
	    "profiles.staff.command: needs exec = \"HANDLER\"");
	expect_mistake(state, "shell = \"login\"; command = \"x\";",
	    "needs exec = \"HANDLER\"");
}

static void
a_command_holds_what_can_be_put_in(void **state)
{
	char settings[8192] = "exec = \"login\"; command = \"";

	expect_mistake(state, "exec = \"login\"; command = \"x %1\";",
	    "for an argument, and there is none");
	expect_mistake(state, "exec = \"login\"; command = \"x %k\";",
	    "none of %u, %i, %h, %n");
	expect_mistake(
	    state, "exec = \"login\"; command = \"x %\";", "ends in a \"%\"");
	expect_mistake(state, "exec = \"login\"; command = \"x\\ny\";",
	    "holds a control character");
	memset(settings + strlen(settings), 'x', SETTINGS_COMMAND_MAX + 1);
	strcat(settings, "\";");
	expect_mistake(state, settings, "is too long");
}

static void
signals_are_about_a_command(void **state)
{
	expect_mistake(state, "exec = \"login\"; signals = true;",
	    "profiles.staff.signals: is about the profile's command");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_command_needs_somebody_who_runs_it),
		TEST(a_command_holds_what_can_be_put_in),
		TEST(signals_are_about_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
