/* A configuration from its files to its settings, and its mistakes. */
#include "daemon/config/loader.h"
#include "tests/unit/config/configuration.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* What a test changes in an otherwise good configuration. */
static const char good_tail[] =
    "auth = { keys = { type = \"authorized_keys\"; }; };\n"
    "handlers = { login = { type = \"login\"; }; };\n"
    "profiles = { staff = { accept = \"keys\"; shell = \"login\"; }; };\n"
    "rules = ( { use = \"staff\"; } );\n";

static void
expect_mistake(struct configuration *c, const char *text, const char *told)
{
	configuration_read_text(c, text);
	for (size_t i = 0; i < c->mistakes.count; i++)
		if (strstr(c->mistakes.items[i].text, told) != NULL)
			return;
	mistake_print(&c->mistakes, stderr);
	fail_msg("not told: %s", told);
}

static void
without_a_file_the_built_in_configuration_holds(void **state)
{
	struct configuration *c = *state;
	const struct access_settings *access;

	if (geteuid() == 0)
		configuration_read_text(c, "");
	else
		c->request.path = NULL, configuration_read(c);
	assert_non_null(c->settings);
	access = &c->settings->access;
	assert_string_equal(access->auths[0].type, "authorized_keys");
	assert_non_null(tree_get(access->auths[0].options, "file"));
	assert_string_equal(access->handlers[0].type, "login");
	assert_int_equal(access->profiles[0].shell, 0);
	assert_int_equal(access->profiles[0].exec, 0);
	assert_string_equal(access->handlers[1].type, "sftp");
	assert_int_equal(access->profiles[0].scp, 1);
	assert_int_equal(c->settings->server.login_time, 60000);
	assert_int_equal(c->settings->server.max_waiting, 20000);
}

static void
root_serves_the_machine_and_is_refused_himself(void **state)
{
	struct configuration *c = *state;
	const struct settings *settings;

	if (geteuid() != 0)
		skip();
	configuration_read_text(c, "");
	settings = c->settings;
	assert_int_equal(settings->server.listen_count, 2);
	assert_string_equal(settings->server.listen[0].at, "0.0.0.0:22");
	assert_int_equal(settings->access.rule_count, 2);
	assert_string_equal(settings->access.rules[0].user.items[0], "root");
	assert_true(settings->access.rules[0].refuse);
}

static void
an_ordinary_user_lets_himself_in_on_the_loopback(void **state)
{
	struct configuration *c = *state;
	const struct settings *settings;

	if (geteuid() == 0)
		skip();
	c->request.path = NULL;
	configuration_read(c);
	settings = c->settings;
	assert_int_equal(settings->server.listen_count, 1);
	assert_string_equal(settings->server.listen[0].at, "127.0.0.1:2222");
	assert_int_equal(settings->access.rule_count, 1);
	assert_string_equal(settings->access.rules[0].user.items[0],
	    getpwuid(geteuid())->pw_name);
}

static void
a_file_with_a_rule_or_profile_has_none_built_in(void **state)
{
	struct configuration *c = *state;

	configuration_read_text(c, "server = { listen = \"127.0.0.1:0\"; };\n");
	assert_non_null(c->settings);
	assert_true(c->settings->access.rule_count > 0);
	assert_int_equal(c->settings->server.listen_count, 1);
	configuration_read_text(c, good_tail);
	assert_non_null(c->settings);
	assert_int_equal(c->settings->access.rule_count, 1);
	assert_int_equal(c->settings->access.auth_count, 1);
	expect_mistake(c, "rules = ( { use = \"staff\"; } );\n",
	    "rules[0].use: \"staff\" is not in profiles");
}

static void
files_of_conf_d_add_groups_and_replace_values(void **state)
{
	struct configuration *c = *state;

	configuration_put(c, "conf.d/20.conf",
	    "server = { max_tries = 9; };\n"
	    "rules = ( { user = \"a\"; use = \"more\"; } );\n");
	configuration_put(c, "conf.d/10.conf",
	    "server = { max_tries = 8; login_time = \"5s\"; };\n"
	    "profiles = { more = { accept = \"keys\"; }; };\n");
	configuration_read_text(c, good_tail);
	assert_non_null(c->settings);
	assert_int_equal(c->settings->server.max_tries, 9);
	assert_int_equal(c->settings->server.login_time, 5000);
	assert_int_equal(c->settings->access.profile_count, 2);
	assert_int_equal(c->settings->access.rule_count, 1);
	assert_int_equal(c->settings->access.rules[0].user.count, 1);
}

static void
a_mistake_in_conf_d_is_told_with_its_file(void **state)
{
	struct configuration *c = *state;

	configuration_put(c, "conf.d/10.conf", "\nserver = { x = 1; };\n");
	configuration_read_text(c, good_tail);
	assert_int_equal(c->mistakes.count, 1);
	assert_non_null(strstr(c->mistakes.items[0].file, "/10.conf"));
	assert_int_equal(c->mistakes.items[0].line, 2);
}

static void
traps_and_wrong_values_are_told_in_one_run(void **state)
{
	struct configuration *c = *state;
	char text[1024];

	snprintf(text, sizeof text,
	    "server = { max_tries = 0640; lisen = \"x\"; };\n%s", good_tail);
	expect_mistake(c, text, "may be read as 640");
	expect_mistake(c, text, "did you mean \"listen\"");
	expect_mistake(c, text, "is out of range");
}

static void
what_names_nothing_is_told(void **state)
{
	static const struct {
		const char *profile;
		const char *rule;
		const char *told;
	} wrong[] = {
		{ "accept = \"kyes\";", "use = \"p\";",
		    "profiles.p.accept: \"kyes\" is not in auth, expected "
		    "the name of a group there (did you mean \"keys\"?)" },
		{ "accept = \"keys+pam\";", "use = \"p\";",
		    "\"pam\" is not in auth" },
		{ "accept = \"keys+\";", "use = \"p\";",
		    "\"\" is not in auth" },
		{ "accept = [ ];", "use = \"p\";", "lets nobody in" },
		{ "", "use = \"p\";", "profiles.p: accept is missing" },
		{ "accept = \"keys\"; shell = \"logn\";", "use = \"p\";",
		    "(did you mean \"login\"?)" },
		{ "accept = \"keys\"; sftp = \"files\";", "use = \"p\";",
		    "profiles.p.sftp: \"files\" is not in handlers" },
		{ "accept = \"keys\"; scp = \"files\";", "use = \"p\";",
		    "profiles.p.scp: \"files\" is not in handlers" },
		{ "accept = \"keys\"; subsystem = { x = \"y\"; };",
		    "use = \"p\";", "profiles.p.subsystem.x: \"y\" is not" },
		{ "accept = \"keys\"; subsystem = { x = \"\"; };",
		    "use = \"p\";", "expected the name of a handler" },
		{ "accept = \"keys\"; umask = \"1777\";", "use = \"p\";",
		    "out of range, expected a mode such as \"0640\" from "
		    "0000 to 0777" },
		{ "accept = \"keys\"; subsystem = { sftp = \"login\"; };",
		    "use = \"p\";", "as the setting sftp" },
		{ "accept = \"keys\"; run_as = \"no such user\";",
		    "use = \"p\";", "there is no account" },
		{ "accept = \"keys\"; run_as = \"root\";", "use = \"p\";",
		    "has uid 0" },
		{ "accept = \"keys\"; agent = true;", "use = \"p\";",
		    "profiles.p.agent: unknown setting" },
		{ "accept = \"keys\";", "use = \"q\";",
		    "rules[0].use: \"q\" is not in profiles" },
		{ "accept = \"keys\";", "", "rules[0]: expected either use" },
		{ "accept = \"keys\";", "use = \"p\"; refuse = true;",
		    "rules[0]: expected either use" },
		{ "accept = \"keys\";", "refuse = true;",
		    "no rule lets anybody in" },
		{ "accept = \"keys\";", "use = \"p\"; user = [ ];",
		    "rules[0].user: an empty list" },
		{ "accept = \"keys\";", "use = \"p\"; user = \"[ab]\";",
		    "has a bracket" },
		{ "accept = \"keys\";",
		    "use = \"p\"; group = \"no such group\";",
		    "there is no group" },
		{ "accept = \"keys\";", "use = \"p\"; from = \"10.1/8\";",
		    "is no numeric address" },
		{ "accept = \"keys\";", "use = \"p\"; local = \"ssh\";",
		    "rules[0].local: \"ssh\" does not fit" },
		{ "accept = \"keys\";", "use = \"p\"; local = \":0\";",
		    "\":0\" does not fit" },
		{ "accept = \"keys\";", "use = \"p\"; identity = \"x\";",
		    "rules[0].identity: unknown setting" },
	};
	struct configuration *c = *state;
	char text[1024];

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text,
		    "auth = { keys = { type = \"authorized_keys\"; }; };\n"
		    "handlers = { login = { type = \"login\"; }; };\n"
		    "profiles = { p = { %s }; };\n"
		    "rules = ( { %s } );\n",
		    wrong[i].profile, wrong[i].rule);
		expect_mistake(c, text, wrong[i].told);
	}
}

static void
a_server_that_cannot_be_is_told(void **state)
{
	static const struct {
		const char *server;
		const char *told;
	} wrong[] = {
		{ "listen = [ ];", "server.listen: an empty list" },
		{ "listen = \"localhost:22\";", "is no address and port" },
		{ "listen = \"22\";", "is no address and port" },
		{ "listen = ( { } );", "server.listen[0]: at is missing" },
		{ "listen = [ \"[::]:22\", \"[::]:22\" ];", "twice" },
		{ "listen = ( { at = \"[::]:22\"; proxies = true; } );",
		    "server.listen[0].proxies: unknown setting" },
		{ "listen = ( { at = \"[::]:22\"; proxy = true; } );",
		    "server.listen[0]: proxy without proxy_from" },
		{ "listen = ( { at = \"[::]:22\"; proxy = true; "
		  "proxy_from = [ ]; } );",
		    "server.listen[0]: proxy without proxy_from" },
		{ "listen = ( { at = \"[::]:22\"; "
		  "proxy_from = \"10.0.0.5\"; } );",
		    "server.listen[0].proxy_from: proxy_from without proxy" },
		{ "listen = ( { at = \"[::]:22\"; proxy = true; "
		  "proxy_from = \"lb.example.org\"; } );",
		    "server.listen[0].proxy_from: \"lb.example.org\"" },
		{ "listen = ( { at = \"[::]:22\"; host_keys = [ ]; } );",
		    "server.listen[0].host_keys: an empty list" },
		{ "listen = ( { at = \"[::]:22\"; host_keys = \"%h/k\"; } );",
		    "server.listen[0].host_keys: \"%h/k\" is no plain path" },
		{ "listen = ( \"127.0.0.1:0\", "
		  "{ at = \"127.0.0.1:0\"; host_keys = \"/k\"; } );",
		    "\"127.0.0.1:0\" is listened on twice" },
		{ "host_keys = \"key\";", "is no absolute path" },
		{ "host_keys = [ ];", "server.host_keys: an empty list" },
		{ "host_keys = \"%h/key\";", "is no plain path" },
		{ "host_certificates = \"key\";", "is no absolute path" },
		{ "host_certificates = \"%h/key\";", "is no plain path" },
		{ "version = \"a-b\";", "server.version: expected" },
		{ "version = \"\";", "server.version: expected" },
		{ "decoy = \"q\";", "server.decoy: \"q\" is not in profiles" },
		{ "crypto = \"ancient\";", "expected \"modern\"" },
		{ "crypto = { base = \"ancient\"; };", "\"compatible\"" },
		{ "crypto = { cipher = [ ]; };", "nobody could connect" },
		{ "crypto = { kex = \"diffie-hellman-group1-sha1\"; };",
		    "is no algorithm, known are " },
		{ "gates = \"per-user\";", "expected \"cores\"" },
		{ "login_time = \"0\";", "out of range" },
	};
	struct configuration *c = *state;
	char text[1024];

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text, "server = { %s };\n%s",
		    wrong[i].server, good_tail);
		expect_mistake(c, text, wrong[i].told);
	}
}

static void
there_are_at_most_as_many_listeners_as_bits(void **state)
{
	struct configuration *c = *state;
	char text[4096];
	size_t len;

	for (size_t count = 64; count <= 65; count++) {
		len = (size_t)snprintf(
		    text, sizeof text, "server = { listen = [ ");
		for (size_t i = 0; i < count; i++)
			len += (size_t)snprintf(text + len, sizeof text - len,
			    "%s\"127.0.0.1:%zu\"", i > 0 ? ", " : "", 2000 + i);
		snprintf(
		    text + len, sizeof text - len, " ]; };\n%s", good_tail);
		if (count > 64) {
			expect_mistake(c, text,
			    "server.listen: 65 listeners, expected 64 at most");
			continue;
		}
		configuration_read_text(c, text);
		assert_non_null(c->settings);
	}
}

static void
a_local_address_may_begin_with_a_colon(void **state)
{
	struct configuration *c = *state;
	const struct local_settings *local;

	configuration_read_text(c,
	    "auth = { keys = { type = \"authorized_keys\"; }; };\n"
	    "profiles = { p = { accept = \"keys\"; }; };\n"
	    "rules = ( { use = \"p\"; local = \"::1\"; } );\n");
	assert_non_null(c->settings);
	local = c->settings->access.rules[0].local;
	assert_true(local->has_address);
	assert_int_equal(local->net.bits, 128);
}

/* No connection has them for its address: a refusal would never hold. */
static void
wildcards_without_a_port_stand_for_any_address(void **state)
{
	struct configuration *c = *state;
	const struct local_settings *local;

	configuration_read_text(c,
	    "auth = { keys = { type = \"authorized_keys\"; }; };\n"
	    "profiles = { p = { accept = \"keys\"; }; };\n"
	    "rules = ( { refuse = true;\n"
	    "  local = [ \"0.0.0.0\", \"::\", \"0.0.0.0/8\" ]; },\n"
	    "  { use = \"p\"; } );\n");
	assert_non_null(c->settings);
	local = c->settings->access.rules[0].local;
	assert_true(local[0].has_address);
	assert_int_equal(local[0].net.bits, 96);
	assert_false(local[1].has_address);
	assert_true(local[2].has_address);
	assert_int_equal(local[2].net.bits, 104);
}

static void
rules_that_let_nobody_in_are_told_whatever_the_decoy(void **state)
{
	struct configuration *c = *state;

	expect_mistake(c,
	    "server = { decoy = \"p\"; };\n"
	    "auth = { keys = { type = \"authorized_keys\"; }; };\n"
	    "profiles = { p = { accept = \"keys\"; }; };\n"
	    "rules = ( );\n",
	    "rules: no rule lets anybody in");
}

static void
ways_are_resolved_to_indices_and_the_decoy_to_the_last_rule(void **state)
{
	struct configuration *c = *state;
	const struct access_settings *access;

	configuration_read_text(c,
	    "auth = { a = { type = \"x\"; }; b = { type = \"y\"; }; };\n"
	    "profiles = {\n"
	    "	one = { accept = [ \"b\", \"b+a\" ]; };\n"
	    "	two = { accept = \"a\"; };\n"
	    "};\n"
	    "rules = ( { user = \"u\"; use = \"two\"; },\n"
	    "	{ user = \"v\"; use = \"one\"; },\n"
	    "	{ refuse = true; } );\n");
	assert_non_null(c->settings);
	access = &c->settings->access;
	assert_int_equal(access->profiles[0].accept[1].count, 2);
	assert_int_equal(access->profiles[0].accept[1].steps[0], 1);
	assert_int_equal(access->profiles[0].accept[1].steps[1], 0);
	assert_int_equal(access->decoy, 0);
}

static const struct schema_row key_options[] = {
	{ .name = "file",
	    .type = SCHEMA_PATH,
	    .dflt = "%h/.ssh/authorized_keys",
	    .meaning = "the keys" },
	SCHEMA_END,
};

static bool
describe(void *arg, enum loader_kind kind, const char *type,
    struct loader_module *module, char *problem, size_t size)
{
	(void)arg;
	if (kind == LOADER_AUTH && strcmp(type, "authorized_keys") == 0)
		*module = (struct loader_module){ .serves = "publickey",
			.options = key_options };
	else if (kind == LOADER_HANDLER && strcmp(type, "login") == 0)
		*module = (struct loader_module){ .serves = "shell,exec" };
	else
		snprintf(problem, size, "no module of that name");
	return problem[0] == '\0';
}

static void
a_module_that_is_described_has_its_options_checked(void **state)
{
	struct configuration *c = *state;
	char text[1024];

	c->request.describe = describe;
	configuration_read_text(c, good_tail);
	assert_non_null(c->settings);
	assert_string_equal(c->settings->access.auths[0].serves, "publickey");
	snprintf(text, sizeof text, "%s",
	    "auth = { keys = { type = \"authorized_keys\"; fiel = \"/x\"; };\n"
	    "	other = { type = \"pam\"; }; third = { }; };\n"
	    "handlers = { login = { type = \"login\"; }; };\n"
	    "profiles = { p = { accept = \"keys\"; sftp = \"login\";\n"
	    "	scp = \"login\"; }; };\n"
	    "rules = ( { use = \"p\"; } );\n");
	expect_mistake(c, text,
	    "auth.keys.fiel: unknown setting (did you mean \"file\"?)");
	expect_mistake(
	    c, text, "auth.other.type: \"pam\": no module of that name");
	expect_mistake(c, text, "auth.third: type is missing");
	expect_mistake(c, text,
	    "profiles.p.sftp: \"login\" does not serve subsystem:sftp, but "
	    "shell,exec");
	expect_mistake(c, text,
	    "profiles.p.scp: \"login\" does not serve scp, but shell,exec");
	assert_int_equal(c->mistakes.count, 5);
}

static void
the_methods_are_those_of_all_first_steps(void **state)
{
	static size_t first[] = { 0 }, second[] = { 1, 2 };
	static const struct accept_settings ways[] = { { first, 1 },
		{ second, 2 } };
	static const struct profile_settings profile = {
		.accept = ways,
		.accept_count = 2,
	};
	static const struct module_settings auths[] = {
		{ .serves = "publickey" },
		{ .serves = "password,none,publickey" },
		{ .serves = "hostbased" },
	};
	static const struct access_settings access = {
		.auths = auths,
		.auth_count = 3,
		.profiles = &profile,
		.profile_count = 1,
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_string_equal(
	    settings_methods(&arena, &access), "publickey,password");
	arena_clear(&arena);
}

/* They belong to who built the tree, so their text alone is read. */
static void
the_configurations_that_are_shipped_are_good(void **state)
{
	static const char *const names[] = { "etc/sallyportd.conf",
		"examples/service.conf" };
	const char *srcdir = getenv("srcdir");
	struct configuration *c = *state;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[512], *text = NULL;
		size_t size = 0;
		FILE *file;

		snprintf(path, sizeof path, "%s/%s",
		    srcdir == NULL ? "." : srcdir, names[i]);
		file = fopen(path, "r");
		assert_non_null(file);
		assert_true(getdelim(&text, &size, '\0', file) > 0);
		fclose(file);
		configuration_read_text(c, text);
		free(text);
		mistake_print(&c->mistakes, stderr);
		assert_non_null(c->settings);
	}
}

static void
a_file_that_cannot_be_read_is_one_mistake(void **state)
{
	struct configuration *c = *state;

	configuration_read(c);
	assert_int_equal(c->mistakes.count, 1);
	configuration_read_text(c, good_tail);
	assert_int_equal(c->mistakes.count, 0);
	assert_int_equal(chmod(c->path, 0666), 0);
	configuration_read(c);
	assert_int_equal(c->mistakes.count, 1);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_the_built_in_configuration_holds),
		TEST(root_serves_the_machine_and_is_refused_himself),
		TEST(an_ordinary_user_lets_himself_in_on_the_loopback),
		TEST(a_file_with_a_rule_or_profile_has_none_built_in),
		TEST(files_of_conf_d_add_groups_and_replace_values),
		TEST(a_mistake_in_conf_d_is_told_with_its_file),
		TEST(traps_and_wrong_values_are_told_in_one_run),
		TEST(what_names_nothing_is_told),
		TEST(a_server_that_cannot_be_is_told),
		TEST(
		    ways_are_resolved_to_indices_and_the_decoy_to_the_last_rule),
		TEST(there_are_at_most_as_many_listeners_as_bits),
		TEST(a_local_address_may_begin_with_a_colon),
		TEST(wildcards_without_a_port_stand_for_any_address),
		TEST(rules_that_let_nobody_in_are_told_whatever_the_decoy),
		TEST(a_module_that_is_described_has_its_options_checked),
		TEST(the_methods_are_those_of_all_first_steps),
		TEST(the_configurations_that_are_shipped_are_good),
		TEST(a_file_that_cannot_be_read_is_one_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
