/* Who gets which profile, rule by rule. */
#include "daemon/config/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { STAFF, GUESTS, VIRTUAL };

static const struct profile_settings profiles[] = {
	[STAFF] = { .name = "staff", .run_as = "" },
	[GUESTS] = { .name = "guests", .run_as = "" },
	[VIRTUAL] = { .name = "virtual", .run_as = "sftp" },
};

static const char *const sudo_group[] = { "users", "sudo" };

#define LIST(...) \
	{ \
		(const char *const[]){ __VA_ARGS__ }, \
		    sizeof((const char *const[]){ __VA_ARGS__ }) / \
		    sizeof(const char *) \
	}

static struct rules_client
client_of(const char *user, uid_t uid)
{
	struct rules_client client = {
		.user = user,
		.has_account = true,
		.account = user,
		.uid = uid,
	};

	assert_true(cidr_parse_endpoint("10.1.2.3:40000", &client.peer));
	assert_true(cidr_parse_endpoint("192.0.2.1:22", &client.local));
	return client;
}

static struct access_settings
access_of(const struct rule_settings *rules, size_t count)
{
	return (struct access_settings){
		.profiles = profiles,
		.profile_count = 3,
		.rules = rules,
		.rule_count = count,
		.decoy = GUESTS,
		.uid_min = 1000,
	};
}

static void
the_first_rule_that_fits_decides(void **state)
{
	const struct rule_settings rules[] = {
		{ .user = LIST("bob"), .profile = GUESTS },
		{ .user = LIST("a*"), .profile = STAFF },
		{ .profile = GUESTS },
	};
	struct access_settings access = access_of(rules, 3);
	struct rules_client alice = client_of("alice", 1001);
	struct rules_client carol = client_of("carol", 1002);
	struct rules_verdict verdict;

	(void)state;
	verdict = rules_decide(&access, &alice);
	assert_false(verdict.is_refused);
	assert_int_equal(verdict.reason, RULES_FITS);
	assert_int_equal(verdict.rule, 1);
	assert_int_equal(verdict.profile, STAFF);
	verdict = rules_decide(&access, &carol);
	assert_int_equal(verdict.rule, 2);
	assert_int_equal(verdict.profile, GUESTS);
}

static void
without_a_rule_that_fits_the_decoy_is_shown(void **state)
{
	const struct rule_settings rules[] = {
		{ .user = LIST("bob"), .profile = STAFF },
	};
	struct access_settings access = access_of(rules, 1);
	struct rules_client alice = client_of("alice", 1001);
	struct rules_verdict verdict = rules_decide(&access, &alice);

	(void)state;
	assert_true(verdict.is_refused);
	assert_int_equal(verdict.reason, RULES_NONE_FITS);
	assert_true(verdict.rule == SETTINGS_NONE);
	assert_int_equal(verdict.profile, GUESTS);
}

static void
a_rule_that_refuses_ends_the_search(void **state)
{
	const struct rule_settings rules[] = {
		{ .user = LIST("alice"),
		    .refuse = true,
		    .profile = SETTINGS_NONE },
		{ .profile = STAFF },
	};
	struct access_settings access = access_of(rules, 2);
	struct rules_client alice = client_of("alice", 1001);
	struct rules_verdict verdict = rules_decide(&access, &alice);

	(void)state;
	assert_true(verdict.is_refused);
	assert_int_equal(verdict.reason, RULES_REFUSES);
	assert_int_equal(verdict.rule, 0);
}

/* A row each matcher that does not fit, all others fitting. */
static void
every_matcher_of_a_rule_must_fit(void **state)
{
	static struct cidr ten, elsewhere;
	static const struct local_settings here = { .port = 22 },
					   there = { .port = 23 };
	struct rule_settings rule = {
		.user = LIST("x", "alice"),
		.group = LIST("su*"),
		.from = { &ten, 1 },
		.local = &here,
		.local_count = 1,
		.profile = STAFF,
	};
	struct access_settings access = access_of(&rule, 1);
	struct rules_client alice = client_of("alice", 1001);

	(void)state;
	assert_null(cidr_parse("10.0.0.0/8", &ten));
	assert_null(cidr_parse("11.0.0.0/8", &elsewhere));
	alice.groups = (struct string_list){ sudo_group, 2 };
	assert_int_equal(rules_test(&access, 0, &alice), RULES_FITS);
	rule.from.items = &elsewhere;
	assert_int_equal(rules_test(&access, 0, &alice), RULES_NOT_FROM);
	rule.from.items = &ten;
	rule.local = &there;
	assert_int_equal(rules_test(&access, 0, &alice), RULES_NOT_LOCAL);
	rule.local = &here;
	alice.groups.count = 1;
	assert_int_equal(rules_test(&access, 0, &alice), RULES_NOT_GROUP);
	alice.groups.count = 2;
	alice.user = "alicia";
	assert_int_equal(rules_test(&access, 0, &alice), RULES_NOT_USER);
}

static void
a_listener_is_known_by_its_address_and_port(void **state)
{
	struct local_settings local = { .has_address = true };
	struct rule_settings rule = {
		.local = &local,
		.local_count = 1,
		.profile = STAFF,
	};
	struct access_settings access = access_of(&rule, 1);
	struct rules_client alice = client_of("alice", 1001);

	(void)state;
	assert_null(cidr_parse("192.0.2.0/24", &local.net));
	assert_int_equal(rules_test(&access, 0, &alice), RULES_FITS);
	local.port = 22;
	assert_int_equal(rules_test(&access, 0, &alice), RULES_FITS);
	local.port = 2222;
	assert_int_equal(rules_test(&access, 0, &alice), RULES_NOT_LOCAL);
	local.port = 22;
	assert_null(cidr_parse("198.51.100.0/24", &local.net));
	assert_int_equal(rules_test(&access, 0, &alice), RULES_NOT_LOCAL);
}

static void
uid_0_is_reached_by_its_literal_name_alone(void **state)
{
	static const char *const root_group[] = { "root" };
	const struct rule_settings unnamed[] = {
		{ .profile = STAFF },
		{ .user = LIST("*"), .profile = STAFF },
		{ .user = LIST("roo?", "r{word}"), .profile = STAFF },
		{ .group = LIST("root"), .profile = STAFF },
		{ .user = LIST("toor", "*"), .profile = STAFF },
	};
	const struct rule_settings named[] = {
		{ .user = LIST("*", "root"), .profile = STAFF },
	};
	struct access_settings access = access_of(unnamed, 5);
	struct rules_client root = client_of("root", 0);

	(void)state;
	root.groups = (struct string_list){ root_group, 1 };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(
		    rules_test(&access, i, &root), RULES_ROOT_UNNAMED);
	assert_true(rules_decide(&access, &root).is_refused);
	access = access_of(named, 1);
	assert_false(rules_decide(&access, &root).is_refused);
}

static void
a_second_name_of_uid_0_is_as_hard_to_reach(void **state)
{
	const struct rule_settings rules[] = {
		{ .user = LIST("root", "*"), .profile = STAFF },
	};
	struct access_settings access = access_of(rules, 1);
	struct rules_client toor = client_of("toor", 0);

	(void)state;
	assert_int_equal(rules_test(&access, 0, &toor), RULES_ROOT_UNNAMED);
}

static void
an_account_of_the_system_must_be_named_or_its_group(void **state)
{
	static const char *const mail_group[] = { "mail" };
	const struct rule_settings rules[] = {
		{ .profile = STAFF },
		{ .user = LIST("ma*"), .profile = STAFF },
		{ .group = LIST("ma*"), .profile = STAFF },
		{ .user = LIST("mail"), .profile = STAFF },
		{ .group = LIST("mail"), .profile = STAFF },
	};
	struct access_settings access = access_of(rules, 5);
	struct rules_client mail = client_of("mail", 8);

	(void)state;
	mail.groups = (struct string_list){ mail_group, 1 };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(rules_test(&access, i, &mail),
		    i < 3 ? RULES_SYSTEM_UNNAMED : RULES_FITS);
	mail.uid = 1000;
	assert_int_equal(rules_test(&access, 0, &mail), RULES_FITS);
}

static void
a_rule_that_refuses_fits_root_without_his_name(void **state)
{
	const struct rule_settings rules[] = {
		{ .refuse = true, .profile = SETTINGS_NONE },
		{ .user = LIST("root"), .profile = STAFF },
	};
	struct access_settings access = access_of(rules, 2);
	struct rules_client root = client_of("root", 0);

	(void)state;
	assert_int_equal(rules_decide(&access, &root).reason, RULES_REFUSES);
}

static void
an_unknown_user_is_shown_the_decoy(void **state)
{
	const struct rule_settings rules[] = {
		{ .profile = STAFF },
	};
	struct access_settings access = access_of(rules, 1);
	struct rules_client ghost = client_of("ghost", 0);
	struct rules_verdict verdict;

	(void)state;
	ghost.has_account = false;
	verdict = rules_decide(&access, &ghost);
	assert_true(verdict.is_refused);
	assert_int_equal(verdict.reason, RULES_NO_ACCOUNT);
	assert_int_equal(verdict.profile, GUESTS);
}

static void
an_account_has_one_name_whatever_the_rules_say(void **state)
{
	const struct rule_settings rules[] = {
		{ .user = LIST("bob"), .refuse = true },
		{ .user = LIST("Bob"), .profile = STAFF },
		{ .profile = VIRTUAL },
	};
	struct access_settings access = access_of(rules, 3);
	struct rules_client client = client_of("Bob", 64702);

	(void)state;
	client.account = "bob";
	assert_true(rules_decide(&access, &client).is_refused);
	assert_int_equal(
	    rules_decide(&access, &client).reason, RULES_OTHER_NAME);
	assert_int_equal(rules_decide(&access, &client).rule, SETTINGS_NONE);
	client.account = "Bob";
	assert_false(rules_decide(&access, &client).is_refused);
	assert_int_equal(rules_decide(&access, &client).profile, STAFF);
}

static void
a_profile_with_an_account_of_its_own_takes_any_name(void **state)
{
	const struct rule_settings rules[] = {
		{ .profile = VIRTUAL },
	};
	struct access_settings access = access_of(rules, 1);
	struct rules_client ghost = client_of("partner", 0);
	struct rules_client root = client_of("root", 0);

	(void)state;
	ghost.has_account = false;
	assert_false(rules_decide(&access, &ghost).is_refused);
	assert_false(rules_decide(&access, &root).is_refused);
	assert_int_equal(rules_decide(&access, &root).profile, VIRTUAL);
}

static void
a_daemon_of_an_ordinary_user_lets_only_him_in(void **state)
{
	const struct rule_settings rules[] = {
		{ .profile = STAFF },
	};
	struct access_settings access = access_of(rules, 1);
	struct rules_client alice = client_of("alice", 1001);
	struct rules_client bob = client_of("bob", 1002);

	(void)state;
	access.daemon_uid = 1001;
	assert_false(rules_decide(&access, &alice).is_refused);
	assert_int_equal(rules_decide(&access, &bob).reason, RULES_NOT_OURS);
}

static void
every_reason_has_a_sentence(void **state)
{
	(void)state;
	for (int i = RULES_FITS; i <= RULES_NOT_OURS; i++)
		assert_true(
		    strlen(rules_reason_text((enum rules_reason)i)) > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_that_fits_decides),
		cmocka_unit_test(without_a_rule_that_fits_the_decoy_is_shown),
		cmocka_unit_test(a_rule_that_refuses_ends_the_search),
		cmocka_unit_test(every_matcher_of_a_rule_must_fit),
		cmocka_unit_test(a_listener_is_known_by_its_address_and_port),
		cmocka_unit_test(uid_0_is_reached_by_its_literal_name_alone),
		cmocka_unit_test(a_second_name_of_uid_0_is_as_hard_to_reach),
		cmocka_unit_test(
		    an_account_of_the_system_must_be_named_or_its_group),
		cmocka_unit_test(
		    a_rule_that_refuses_fits_root_without_his_name),
		cmocka_unit_test(an_unknown_user_is_shown_the_decoy),
		cmocka_unit_test(
		    an_account_has_one_name_whatever_the_rules_say),
		cmocka_unit_test(
		    a_profile_with_an_account_of_its_own_takes_any_name),
		cmocka_unit_test(a_daemon_of_an_ordinary_user_lets_only_him_in),
		cmocka_unit_test(every_reason_has_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
