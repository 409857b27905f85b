/* What a profile may be given, and the mistakes in it. */
#include "tests/unit/config/configuration.h"

#include <pwd.h>
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
	    "auth = { keys = { type = \"authorized_keys\"; };\n"
	    "	anybody = { type = \"none\"; }; };\n"
	    "handlers = { login = { type = \"login\"; };\n"
	    "	git = { type = \"git\"; }; };\n"
	    "profiles = { staff = { %s%s }; };\n"
	    "rules = ( { use = \"staff\"; } );\n",
	    strstr(settings, "accept") == NULL ? "accept = \"keys\"; " : "",
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

static void
limits_are_none_unless_given(void **state)
{
	static const struct limits_settings none;
	const struct profile_settings *profile = expect_profile(state, "");

	assert_memory_equal(&profile->limits, &none, sizeof none);
	profile = expect_profile(state,
	    "limits = { cpu = \"1500ms\"; memory = \"1G\"; files = 16; };");
	assert_int_equal(profile->limits.cpu, 2);
	assert_int_equal(profile->limits.memory, 1 << 30);
	assert_int_equal(profile->limits.files, 16);
	assert_int_equal(profile->limits.time, 0);
	expect_mistake(state, "limits = { files = 15; };",
	    "profiles.staff.limits.files: 15 is out of range, expected 0 or "
	    "at least 16");
	expect_mistake(state, "limits = { cpus = \"1s\"; };",
	    "unknown setting (did you mean \"cpu\"?)");
}

static void
privileges_are_for_those_with_a_shell(void **state)
{
	struct configuration *c = *state;
	const struct tree_node *profile;

	assert_true(expect_profile(state, "")->no_new_privs);
	profile = tree_get(tree_get(c->settings->tree, "profiles"), "staff");
	assert_int_equal(tree_get(profile, "no_new_privs")->number, 1);
	assert_false(expect_profile(state, "shell = \"login\";")->no_new_privs);
	assert_true(expect_profile(state, "shell = \"git\";")->no_new_privs);
	assert_true(
	    expect_profile(state, "shell = \"login\"; no_new_privs = true;")
		->no_new_privs);
	assert_false(
	    expect_profile(state, "no_new_privs = false;")->no_new_privs);
}

static void
logins_of_those_with_a_shell_are_recorded(void **state)
{
	assert_false(expect_profile(state, "")->login_records);
	assert_true(expect_profile(state, "shell = \"login\";")->login_records);
	assert_false(expect_profile(state, "shell = \"git\";")->login_records);
	assert_false(
	    expect_profile(state, "shell = \"login\"; login_records = false;")
		->login_records);
	assert_true(
	    expect_profile(state, "login_records = true;")->login_records);
}

/* A configuration with two services of PAM. */
static void
read_services(void **state, const char *settings)
{
	char text[16384];

	snprintf(text, sizeof text,
	    "auth = { keys = { type = \"authorized_keys\"; };\n"
	    "  first = { type = \"pam\"; service = \"door\"; };\n"
	    "  second = { type = \"pam\"; }; };\n"
	    "handlers = { login = { type = \"login\"; }; };\n"
	    "profiles = { staff = { accept = \"keys\"; %s }; };\n"
	    "rules = ( { use = \"staff\"; } );\n",
	    settings);
	configuration_read_text(*state, text);
}

static void
expect_session(void **state, const char *settings, size_t way)
{
	struct configuration *c = *state;

	read_services(state, settings);
	if (c->settings == NULL)
		mistake_print(&c->mistakes, stderr);
	assert_non_null(c->settings);
	assert_int_equal(c->settings->access.profiles[0].session, way);
}

static void
sessions_are_pams_where_there_is_a_way_of_its(void **state)
{
	struct configuration *c = *state;
	const struct tree_node *profile;
	bool is_root = geteuid() == 0;

	assert_true(expect_profile(state, "")->session == SETTINGS_NONE);
	expect_session(state, "", is_root ? 1 : SETTINGS_NONE);
	if (is_root) {
		profile =
		    tree_get(tree_get(c->settings->tree, "profiles"), "staff");
		assert_string_equal(
		    tree_get(tree_get(profile, "session"), "pam")->text,
		    "door");
		expect_session(state, "session = { pam = \"sallyport\"; };", 2);
		expect_session(state,
		    "run_as = \"nobody\"; session = { pam = \"door\"; };", 1);
		expect_session(state, "run_as = \"nobody\";", SETTINGS_NONE);
	}
	expect_session(state, "session = { };", is_root ? 1 : SETTINGS_NONE);
	expect_session(state, "session = { pam = \"\"; };", SETTINGS_NONE);
	expect_mistake(state, "session = { pam = \"door\"; };",
	    is_root ? "profiles.staff.session.pam: \"door\" is the service of "
		      "no way, expected auth = {"
		    : "this daemon is not started by root");
	expect_mistake(state, "session = { pan = \"door\"; };",
	    "unknown setting (did you mean \"pam\"?)");
}

static void
another_root_is_for_a_daemon_of_roots(void **state)
{
	static const char sentence[] = "this daemon is not started by root";

	if (geteuid() == 0)
		assert_string_equal(
		    expect_profile(state, "chroot = \"%h\";")->chroot, "%h");
	else
		expect_mistake(state, "chroot = \"/srv/%u\";", sentence);
	expect_mistake(state, "chroot = \"/srv/%1\";",
	    "profiles.staff.chroot: \"/srv/%1\" has a \"%\" for an argument");
	expect_mistake(state, "chroot = \"srv\";", "expected an absolute path");
	expect_mistake(state, "motd = \"/etc/%1\";",
	    "profiles.staff.motd: \"/etc/%1\" has a \"%\" for an argument");
}

static void
one_word_for_packets_stands_for_both(void **state)
{
	const struct profile_settings *profile = expect_profile(state, "");

	assert_int_equal(profile->interactive, 0x48);
	assert_int_equal(profile->bulk, 0x20);
	profile = expect_profile(state, "ipqos = \"ef\";");
	assert_int_equal(profile->interactive, 0xb8);
	assert_int_equal(profile->bulk, 0xb8);
	expect_mistake(state, "ipqos = [ \"af21\", \"fast\" ];",
	    "profiles.staff.ipqos: \"fast\" does not fit");
	expect_mistake(state, "ipqos = [ \"ef\", \"ef\", \"ef\" ];",
	    "expected one or two names");
	expect_mistake(state, "ipqos = [ ];", "expected one or two names");
}

/* Who runs this is the only account that run_as may surely name. */
static void
expect_open(void **state, const char *settings, const char *told)
{
	const struct passwd *account = getpwuid(65534);
	char text[1024];

	if (geteuid() != 0)
		account = getpwuid(geteuid());
	assert_non_null(account);
	snprintf(text, sizeof text, "%s run_as = \"%s\";", settings,
	    account->pw_name);
	if (told == NULL)
		expect_profile(state, text);
	else
		expect_mistake(state, text, told);
}

static void
who_needs_no_proof_has_an_account_that_is_named(void **state)
{
	expect_mistake(state, "accept = \"anybody\";", "set run_as");
	expect_mistake(
	    state, "accept = [ \"keys\", \"anybody\" ];", "set run_as");
	expect_open(state, "accept = [ \"keys\", \"anybody\" ];", NULL);
	expect_profile(state, "accept = \"anybody+keys\";");
	expect_profile(state, "accept = \"keys+anybody\";");
}

static void
who_needs_no_proof_runs_nothing_of_his_own(void **state)
{
	expect_open(
	    state, "accept = \"anybody\"; shell = \"login\";", "set command");
	expect_open(
	    state, "accept = \"anybody\"; exec = \"login\";", "set command");
	expect_open(state,
	    "accept = \"anybody\"; subsystem = { x = \"login\"; };",
	    "set command");
	expect_open(state,
	    "accept = \"anybody\"; exec = \"login\"; command = \"id\";", NULL);
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
		TEST(sessions_are_pams_where_there_is_a_way_of_its),
		TEST(another_root_is_for_a_daemon_of_roots),
		TEST(one_word_for_packets_stands_for_both),
		TEST(limits_are_none_unless_given),
		TEST(privileges_are_for_those_with_a_shell),
		TEST(logins_of_those_with_a_shell_are_recorded),
		TEST(who_needs_no_proof_has_an_account_that_is_named),
		TEST(who_needs_no_proof_runs_nothing_of_his_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
