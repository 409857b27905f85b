/* Accounts of the test's own, and who gets which profile with them. */
#include "daemon/login/candidate.h"

#include "daemon/config/rules.h"
#include "daemon/log/record.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <shadow.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the user database, in place of the machine's ---- */

static const struct row {
	const char *name;
	uid_t uid;
	const char *shell;
	const char *group;
	const char *password;
} rows[] = {
	{ "alice", 64701, "/bin/sh", "users", "*" },
	{ "bob", 64702, "/nonexistent/shell", "staff", "*" },
	{ "locked", 64703, "/bin/sh", "users", "!*" },
	{ "sftp", 64704, "/bin/sh", "users", "*" },
	{ "root", 0, "/bin/sh", "root", "*" },
};

/* Another name by which the database knows alice. */
static const char spelling[] = "Alice";

static const struct row *
find_row(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	if (strcmp(name, spelling) == 0)
		return &rows[0];
	return NULL;
}

struct passwd *
getpwnam(const char *name)
{
	static struct passwd entry;
	const struct row *row = find_row(name);

	if (row == NULL)
		return NULL;
	entry = (struct passwd){
		.pw_name = (char *)(uintptr_t)row->name,
		.pw_dir = (char[]){ "/home" },
		.pw_shell = (char *)(uintptr_t)row->shell,
		.pw_uid = row->uid,
		.pw_gid = row->uid,
	};
	return &entry;
}

int
getgrouplist(const char *name, gid_t gid, gid_t *groups, int *count)
{
	(void)name;
	groups[0] = gid;
	*count = 1;
	return 1;
}

static unsigned groups_asked;

struct group *
getgrgid(gid_t gid)
{
	static struct group entry;

	groups_asked++;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].uid == gid)
			entry.gr_name = (char *)(uintptr_t)rows[i].group;
	return &entry;
}

static long max_days = -1; /* that a password is good */
static long expiry_day = -1;

int
getspnam_r(const char *name, struct spwd *entry, char *room, size_t size,
    struct spwd **found)
{
	const struct row *row = find_row(name);

	(void)room;
	(void)size;
	*found = NULL;
	if (row == NULL)
		return ENOENT;
	*entry = (struct spwd){
		.sp_pwdp = (char *)(uintptr_t)row->password,
		.sp_lstchg = 19000,
		.sp_max = max_days,
		.sp_expire = expiry_day,
	};
	*found = entry;
	return 0;
}

/* ---- the log ---- */

static int event; /* the last; -1: none */
static char reason[128];

static void
take(struct sp_view body)
{
	const struct log_field *field;
	struct record record;

	assert_int_equal(record_decode(body, &record), SP_OK);
	event = (int)record.event;
	field = record_field(&record, FIELD_REASON);
	reason[0] = '\0';
	if (field != NULL)
		assert_true(view_to_string(field->text, reason, sizeof reason));
}

/* ---- the configuration ---- */

enum { STAFF, SHELL, SERVICE, PAM, VIRTUAL, LOST, DECOY, PROFILES };

static const struct profile_settings profiles[PROFILES] = {
	[STAFF] = { .name = "staff",
	    .run_as = "",
	    .chroot = "",
	    .session = SETTINGS_NONE,
	    .shell = SETTINGS_NONE },
	[SHELL] = { .name = "shell",
	    .run_as = "",
	    .chroot = "",
	    .session = SETTINGS_NONE,
	    .shell = 0 },
	[SERVICE] = { .name = "service",
	    .run_as = "locked",
	    .chroot = "",
	    .session = SETTINGS_NONE,
	    .shell = SETTINGS_NONE },
	[PAM] = { .name = "pam",
	    .run_as = "",
	    .chroot = "",
	    .session = 0,
	    .shell = SETTINGS_NONE },
	[VIRTUAL] = { .name = "virtual",
	    .run_as = "sftp",
	    .chroot = "",
	    .session = SETTINGS_NONE,
	    .shell = SETTINGS_NONE },
	[LOST] = { .name = "lost",
	    .run_as = "gone",
	    .chroot = "",
	    .session = SETTINGS_NONE,
	    .shell = SETTINGS_NONE },
	[DECOY] = { .name = "decoy",
	    .run_as = "",
	    .chroot = "",
	    .session = SETTINGS_NONE,
	    .shell = SETTINGS_NONE },
};

#define LIST(...) \
	{ \
		(const char *const[]){ __VA_ARGS__ }, \
		    sizeof((const char *const[]){ __VA_ARGS__ }) / \
		    sizeof(const char *) \
	}

static bool
find_view(struct candidate *c, const struct rule_settings *rules, size_t count,
    struct sp_view user)
{
	const struct access_settings access = {
		.profiles = profiles,
		.profile_count = PROFILES,
		.rules = rules,
		.rule_count = count,
		.decoy = DECOY,
		.uid_min = 1000,
	};
	struct cidr_endpoint peer, local;

	assert_true(cidr_parse_endpoint("10.1.2.3:40000", &peer));
	assert_true(cidr_parse_endpoint("192.0.2.1:22", &local));
	event = -1;
	groups_asked = 0;
	log_divert(take, LOG_LEVEL_DEBUG);
	return candidate_find(c, &access, user, &peer, &local);
}

/* With one rule, which lets everybody in who has this profile. */
static struct candidate
find(const char *user, size_t profile)
{
	const struct rule_settings rule = { .profile = profile };
	struct candidate c;

	assert_true(find_view(&c, &rule, 1, view_of_string(user)));
	return c;
}

static void
assert_decoy(const struct candidate *c)
{
	assert_false(c->is_genuine);
	assert_false(c->account.exists);
	assert_string_equal(c->profile->name, "decoy");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_not_equal(c->account.uid, rows[i].uid);
}

/* ---- the tests ---- */

static void
who_has_an_account_and_a_rule_is_who_he_is(void **state)
{
	struct candidate c = find("alice", STAFF);

	(void)state;
	assert_true(c.is_known);
	assert_true(c.is_genuine);
	assert_string_equal(c.user, "alice");
	assert_string_equal(c.account.name, "alice");
	assert_int_equal(c.account.uid, 64701);
	assert_string_equal(c.profile->name, "staff");
	assert_int_equal(event, -1);
	assert_int_equal(groups_asked, 0);
	candidate_clear(&c);
}

static void
who_is_unknown_gets_the_decoy(void **state)
{
	struct candidate c = find("mallory", STAFF);

	(void)state;
	assert_decoy(&c);
	assert_false(c.is_known);
	assert_string_equal(c.user, "mallory");
	assert_int_equal(event, EVENT_USER_UNKNOWN);
	candidate_clear(&c);
}

static void
who_is_refused_gets_the_decoy_and_is_known(void **state)
{
	const struct rule_settings rules[] = {
		{ .user = LIST("alice"),
		    .refuse = true,
		    .profile = SETTINGS_NONE },
		{ .profile = STAFF },
	};
	struct candidate c;

	(void)state;
	assert_true(find_view(&c, rules, 2, view_of_string("alice")));
	assert_decoy(&c);
	assert_true(c.is_known);
	assert_int_equal(event, EVENT_USER_REFUSED);
	assert_string_equal(reason, rules_reason_text(RULES_REFUSES));
	candidate_clear(&c);
}

static void
who_comes_by_another_spelling_gets_the_decoy(void **state)
{
	const size_t each[] = { STAFF, PAM, VIRTUAL };

	(void)state;
	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		struct candidate c = find(spelling, each[i]);

		assert_decoy(&c);
		assert_true(c.is_known);
		assert_string_equal(c.user, spelling);
		assert_int_equal(event, EVENT_USER_REFUSED);
		assert_string_equal(
		    reason, rules_reason_text(RULES_OTHER_NAME));
		candidate_clear(&c);
	}
}

static void
root_is_not_reached_by_a_rule_for_all(void **state)
{
	struct candidate c = find("root", STAFF);

	(void)state;
	assert_decoy(&c);
	assert_int_equal(event, EVENT_USER_REFUSED);
	candidate_clear(&c);
}

static void
groups_are_asked_for_only_where_a_rule_wants_them(void **state)
{
	const struct rule_settings rules[] = {
		{ .group = LIST("staff"), .profile = STAFF },
	};
	struct candidate c;

	(void)state;
	assert_true(find_view(&c, rules, 1, view_of_string("bob")));
	assert_true(c.is_genuine);
	assert_int_equal(groups_asked, 1);
	candidate_clear(&c);
	assert_true(find_view(&c, rules, 1, view_of_string("alice")));
	assert_decoy(&c);
	candidate_clear(&c);
}

static void
a_profile_may_name_the_account_for_all_its_users(void **state)
{
	struct candidate c = find("partner", VIRTUAL);

	(void)state;
	assert_true(c.is_genuine);
	assert_true(c.is_known);
	assert_string_equal(c.user, "partner");
	assert_string_equal(c.account.name, "sftp");
	assert_int_equal(c.account.uid, 64704);
	candidate_clear(&c);
}

static void
an_account_that_a_profile_names_in_vain_is_nobodys(void **state)
{
	struct candidate c = find("alice", LOST);

	(void)state;
	assert_decoy(&c);
	assert_int_equal(event, EVENT_USER_REFUSED);
	assert_non_null(strstr(reason, "does not exist"));
	candidate_clear(&c);
}

static void
a_locked_account_stays_so_whatever_it_would_run_as(void **state)
{
	struct candidate c;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root sees the passwords */
	c = find("locked", VIRTUAL);
	assert_decoy(&c);
	assert_string_equal(reason, "account is locked");
	candidate_clear(&c);
	c = find("locked", STAFF);
	assert_decoy(&c);
	candidate_clear(&c);
}

static void
a_lock_is_of_passwords_where_pam_is_asked_and_for_services(void **state)
{
	struct candidate c = find("locked", PAM);

	(void)state;
	assert_true(c.is_genuine);
	candidate_clear(&c);
	c = find("alice", SERVICE);
	assert_true(c.is_genuine);
	assert_string_equal(c.account.name, "locked");
	candidate_clear(&c);
}

static void
an_account_has_expired_behind_its_last_day(void **state)
{
	const long today = (long)(time(NULL) / 86400);
	const struct {
		long day;
		bool is_in;
	} days[] = { { -1, true }, { 0, false }, { 1, false },
		{ today - 1, false }, { today + 1, true } };
	struct candidate c;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root sees it */
	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		expiry_day = days[i].day;
		c = find("alice", STAFF);
		assert_int_equal(c.is_genuine, days[i].is_in);
		candidate_clear(&c);
	}
	expiry_day = -1;
}

static void
an_old_password_must_be_changed_by_whose_it_is(void **state)
{
	static const long days[] = { -1, 0, 99999 };
	struct candidate c;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root sees the ages */
	for (size_t i = 0; i < 3; i++) {
		max_days = days[i];
		c = find("alice", STAFF);
		assert_true(c.is_genuine);
		assert_int_equal(c.must_change, days[i] == 0);
		candidate_clear(&c);
	}
	/* An account that many run as has nobody who would. */
	max_days = 0;
	c = find("partner", VIRTUAL);
	assert_true(c.is_genuine);
	assert_false(c.must_change);
	candidate_clear(&c);
	max_days = -1;
}

static void
a_shell_is_needed_only_where_one_is_given(void **state)
{
	struct candidate c = find("bob", STAFF);

	(void)state;
	assert_true(c.is_genuine);
	candidate_clear(&c);
	c = find("bob", SHELL);
	assert_decoy(&c);
	assert_string_equal(reason, "its shell does not exist");
	candidate_clear(&c);
}

static void
a_name_that_is_none_is_nobodys(void **state)
{
	const struct rule_settings rule = { .profile = STAFF };
	char long_name[CANDIDATE_NAME_SIZE + 1];
	struct candidate c;

	(void)state;
	memset(long_name, 'x', sizeof long_name);
	assert_false(
	    find_view(&c, &rule, 1, view_of(long_name, CANDIDATE_NAME_SIZE)));
	assert_false(find_view(&c, &rule, 1, view_of("alice\0", 6)));
	assert_true(find_view(
	    &c, &rule, 1, view_of(long_name, CANDIDATE_NAME_SIZE - 1)));
	assert_decoy(&c);
	candidate_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_an_account_and_a_rule_is_who_he_is),
		cmocka_unit_test(who_is_unknown_gets_the_decoy),
		cmocka_unit_test(who_is_refused_gets_the_decoy_and_is_known),
		cmocka_unit_test(who_comes_by_another_spelling_gets_the_decoy),
		cmocka_unit_test(root_is_not_reached_by_a_rule_for_all),
		cmocka_unit_test(
		    groups_are_asked_for_only_where_a_rule_wants_them),
		cmocka_unit_test(
		    a_profile_may_name_the_account_for_all_its_users),
		cmocka_unit_test(
		    an_account_that_a_profile_names_in_vain_is_nobodys),
		cmocka_unit_test(
		    a_locked_account_stays_so_whatever_it_would_run_as),
		cmocka_unit_test(
		    a_lock_is_of_passwords_where_pam_is_asked_and_for_services),
		cmocka_unit_test(an_account_has_expired_behind_its_last_day),
		cmocka_unit_test(
		    an_old_password_must_be_changed_by_whose_it_is),
		cmocka_unit_test(a_shell_is_needed_only_where_one_is_given),
		cmocka_unit_test(a_name_that_is_none_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
