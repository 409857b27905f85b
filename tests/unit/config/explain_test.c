/* A decision told in sentences. */
#include "daemon/config/explain.h"
#include "tests/unit/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
expect_of(void **state, const char *configuration,
    const struct rules_client *client, const char *const *told, size_t count)
{
	struct configuration *c = *state;
	struct access_settings access;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	configuration_read_text(c, configuration);
	if (c->settings == NULL)
		mistake_print(&c->mistakes, stderr);
	assert_non_null(c->settings);
	access = c->settings->access;
	access.daemon_uid = 0; /* whoever runs the tests */
	explain_client(&access, client, out);
	explain_penalties(&c->settings->server.penalties, client, out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < count; i++)
		if (strstr(text, told[i]) == NULL)
			fail_msg("%s\nwithout: %s", text, told[i]);
	free(text);
}

static struct rules_client
client_of(const char *user, uid_t uid, const char *from)
{
	struct rules_client client = {
		.user = user,
		.has_account = true,
		.account = user,
		.uid = uid,
	};

	assert_true(cidr_parse_address(from, &client.peer.address));
	assert_true(cidr_parse_endpoint("192.0.2.1:22", &client.local));
	return client;
}

#define EXPECT_OF(state, configuration, client, ...) \
	expect_of(state, configuration, client, \
	    (const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / \
		sizeof(const char *))
#define EXPECT(state, client, ...) \
	EXPECT_OF(state, configuration_sample, client, __VA_ARGS__)

static void
each_rule_is_told_up_to_the_one_that_decides(void **state)
{
	struct rules_client alice = client_of("alice", 70001, "10.1.2.3");

	EXPECT(state, &alice, "user alice, from 10.1.2.3, at 192.0.2.1:22\n",
	    "uid 70001", "rule 1 (", ":28) is for other users\n", "rule 2 (",
	    ":29) fits\n", "gets profile staff:\n",
	    "is accepted by keys, or by keys and then more\n",
	    "shell: served by login (login)\n",
	    "sftp: served by files (files)\n", "may set LANG, LC_*\n",
	    "ended after 8h without traffic\n");
}

static void
what_is_not_served_is_told(void **state)
{
	struct rules_client carol = client_of("carol", 70002, "10.1.2.3");

	EXPECT(state, &carol, ":32) is for other groups\n",
	    "gets profile guests:\n",
	    "shell: refused, the profile names no handler\n",
	    "terminal: refused\n", "may set no variables\n",
	    "channels: 2 at once\n");
}

static void
a_refusal_is_told_with_its_reason_and_decoy(void **state)
{
	struct rules_client root = client_of("root", 0, "10.1.2.3");
	struct rules_client ghost = client_of("ghost", 0, "192.0.2.9");

	ghost.has_account = false;
	EXPECT(state, &root,
	    "refused: the rule refuses; led through the dialogue of profile "
	    "staff\n");
	EXPECT(state, &ghost, "there is no such account on this machine\n",
	    "refused: there is no such account;");
}

/* A profile with more settings, which everybody gets. */
#define WITH(settings) \
	"auth = { keys = { type = \"authorized_keys\"; }; };\n" \
	"handlers = { login = { type = \"login\"; }; };\n" \
	"profiles = { all = { accept = \"keys\"; exec = \"login\"; " settings \
	" }; };\n" \
	"rules = ( { use = \"all\"; } );\n"

static void
a_command_in_place_of_others_is_told(void **state)
{
	struct rules_client alice = client_of("alice", 70001, "10.1.2.3");

	EXPECT_OF(state, WITH("command = \"backup %u\";"), &alice,
	    "  whatever is asked for becomes: backup %u\n",
	    "  that command: served by login (login)\n",
	    "  signals of the client: refused\n");
}

static void
who_opens_its_session_is_told(void **state)
{
	static const char text[] =
	    "auth = { door = { type = \"pam\"; service = \"door\"; }; };\n"
	    "handlers = { login = { type = \"login\"; }; };\n"
	    "profiles = { all = { accept = \"door\"; exec = \"login\"; }; };\n"
	    "rules = ( { use = \"all\"; } );\n";
	struct rules_client alice = client_of("alice", 70001, "10.1.2.3");

	if (geteuid() != 0)
		skip(); /* an ordinary user's daemon opens none */
	EXPECT_OF(state, text, &alice,
	    "  its session is opened and closed by door\n");
}

#define OF_SERVER(settings) \
	"server = { listen = \"127.0.0.1:2222\"; " settings " };\n" WITH("")

static void
whether_its_source_may_be_refused_is_told(void **state)
{
	struct rules_client alice = client_of("alice", 70001, "10.1.2.3");

	EXPECT_OF(state, OF_SERVER(""), &alice,
	    "its source is refused for failures, for 10m at most, and for 30s "
	    "where somebody was let in from there lately\n");
	EXPECT_OF(state, OF_SERVER("penalties = { exempt = \"10.0.0.0/8\"; };"),
	    &alice, "its source is never refused for failures: it is exempt\n");
	EXPECT_OF(state, OF_SERVER("penalties = \"off\";"), &alice,
	    "its source is never refused for failures: penalties are off\n");
}

static void
times_and_sessions_are_told(void **state)
{
	struct rules_client alice = client_of("alice", 70001, "10.1.2.3");

	EXPECT_OF(state,
	    WITH("max_sessions = 2; session_time = \"12h\"; "
		 "alive_interval = \"15s\";"),
	    &alice, "  sessions: 2 of them at once\n",
	    "  ended 12h after the login\n",
	    "  asked after 15s of silence whether it is there\n",
	    "  packets: af21 with a terminal, cs1 without\n");
	EXPECT_OF(state, WITH("sessions_per_identity = 4;"), &alice,
	    "  connections of one identity: 4 at once\n");
	EXPECT_OF(state, WITH("banner = \"hello\";"), &alice,
	    "  shown a banner before the login\n");
	EXPECT_OF(state, WITH("motd = \"/etc/motd\";"), &alice,
	    "  shown to shells on a terminal: /etc/motd\n");
	EXPECT_OF(state, WITH("login_records = true;"), &alice,
	    "  logins and terminals are recorded\n");
}

static void
limits_and_privileges_are_told(void **state)
{
	struct rules_client alice = client_of("alice", 70001, "10.1.2.3");

	EXPECT_OF(state,
	    WITH("limits = { cpu = \"1m\"; memory = \"512M\"; "
		 "processes = 64; files = 256; time = \"10m\"; };"),
	    &alice, "  computing time: 60 s a process\n",
	    "  memory: 512M a process\n", "  processes: 64 of the account\n",
	    "  files: 256 open in a process\n", "  programs ended after 10m\n",
	    "  new privileges (sudo): refused\n");
	EXPECT_OF(state, WITH("shell = \"login\";"), &alice,
	    "  new privileges (sudo): yes\n");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_rule_is_told_up_to_the_one_that_decides),
		TEST(what_is_not_served_is_told),
		TEST(a_refusal_is_told_with_its_reason_and_decoy),
		TEST(a_command_in_place_of_others_is_told),
		TEST(who_opens_its_session_is_told),
		TEST(whether_its_source_may_be_refused_is_told),
		TEST(times_and_sessions_are_told),
		TEST(limits_and_privileges_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
