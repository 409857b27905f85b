/* Rights by folder, names by pattern, modes; and names of parts. */
#include "daemon/config/pattern.h"
#include "modules/sftp/partname.h"
#include "modules/sftp/policy.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The daemon's. */
bool
sp_match_any(const struct sp_list *patterns, const char *text)
{
	const struct string_list list = { patterns->items, patterns->count };

	return pattern_any_matches(&list, text);
}

#define LIST(...) \
	{ \
		.items = (const char *const[]){ __VA_ARGS__ }, \
		.count = sizeof((const char *const[]){ __VA_ARGS__ }) / \
		    sizeof(char *) \
	}

static const struct policy_folder folders[] = {
	{ "/", LIST("list") },
	{ "/in", LIST("list", "upload", "resume") },
	{ "/in/deep", LIST("delete") },
	{ "/out", LIST("list", "download", "delete") },
	{ "/none", { NULL, 0 } },
};

static const struct policy_conf conf = {
	.folders = { .items = folders,
	    .count = sizeof folders / sizeof folders[0] },
	.hide = LIST(".*", "*.part", "/out/inner/**"),
	.deny = LIST("*.exe", "/out/secret"),
	.file_mode = 0640,
	.umask = 022,
	.upload = 1,
};

static struct policy policy;

static int
set_up(void **state)
{
	(void)state;
	return policy_init(&policy, &conf) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	policy_clear(&policy);
	return 0;
}

static void
the_longest_folder_decides(void **state)
{
	static const struct {
		const char *path;
		unsigned may;
	} rows[] = {
		{ "/", POLICY_LIST },
		{ "/x/y", POLICY_LIST },
		{ "/in", POLICY_LIST | POLICY_UPLOAD | POLICY_RESUME },
		{ "/in/a/b", POLICY_LIST | POLICY_UPLOAD | POLICY_RESUME },
		{ "/in/deep", POLICY_DELETE },
		{ "/in/deep/x", POLICY_DELETE },
		{ "/in/deeper", POLICY_LIST | POLICY_UPLOAD | POLICY_RESUME },
		{ "/inside", POLICY_LIST },
		{ "/none/x", 0 },
		/* Where no letter's case counts, this is /in. */
		{ "/IN/x", POLICY_LIST },
		{ "/NONE", 0 },
		{ "/Out/x", POLICY_LIST },
		{ "/in/DEEP", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (policy_rights(&policy, rows[i].path) != rows[i].may)
			print_error("%s\n", rows[i].path);
		assert_int_equal(
		    policy_rights(&policy, rows[i].path), rows[i].may);
	}
}

static void
what_is_asked_is_allowed_refused_or_not_there(void **state)
{
	static const struct {
		const char *path;
		unsigned rights;
		uint32_t status;
	} rows[] = {
		{ "/in/x", POLICY_UPLOAD, SP_FILE_OK },
		{ "/in/x", POLICY_UPLOAD | POLICY_OVERWRITE, SP_FILE_DENIED },
		{ "/in/x", POLICY_LOOK, SP_FILE_OK },
		{ "/none/x", POLICY_LOOK, SP_FILE_DENIED },
		/* Its name is in the configuration. */
		{ "/none", POLICY_LOOK, SP_FILE_OK },
		{ "/none", POLICY_LIST, SP_FILE_DENIED },
		{ "/in/.x", POLICY_UPLOAD, SP_FILE_NOT_FOUND },
		{ "/in/.x/y", POLICY_LOOK, SP_FILE_NOT_FOUND },
		{ "/in/x.part", POLICY_LOOK, SP_FILE_NOT_FOUND },
		{ "/in/x.PART", POLICY_LOOK, SP_FILE_NOT_FOUND },
		{ "/out/inner/a/b", POLICY_LOOK, SP_FILE_NOT_FOUND },
		{ "/in/x.exe", POLICY_UPLOAD, SP_FILE_DENIED },
		{ "/in/x.ExE", POLICY_UPLOAD, SP_FILE_DENIED },
		{ "/in/x.exe/y", POLICY_UPLOAD, SP_FILE_DENIED },
		{ "/out/secret", POLICY_DOWNLOAD, SP_FILE_DENIED },
		{ "/out/secret/x", POLICY_DOWNLOAD, SP_FILE_DENIED },
		{ "/out/secrets", POLICY_DOWNLOAD, SP_FILE_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *reason = NULL;
		uint32_t status =
		    policy_ask(&policy, rows[i].path, rows[i].rights, &reason);

		if (status != rows[i].status)
			print_error("%s\n", rows[i].path);
		assert_int_equal(status, rows[i].status);
		if (status == SP_FILE_DENIED)
			assert_non_null(reason);
	}
}

static void
without_folders_all_is_allowed_and_read_only_takes_it(void **state)
{
	struct policy_conf none = { .upload = 0 };
	struct policy other;

	(void)state;
	assert_true(policy_init(&other, &none));
	assert_false(other.looks_at_paths);
	assert_int_equal(policy_rights(&other, "/x"), POLICY_ALL);
	none.read_only = true;
	assert_int_equal(policy_rights(&other, "/x"), POLICY_LOOK);
	policy_clear(&other);
}

static void
folders_of_the_configuration_are_fixed(void **state)
{
	(void)state;
	assert_true(policy_is_fixed(&policy, "/"));
	assert_true(policy_is_fixed(&policy, "/in"));
	assert_true(policy_is_fixed(&policy, "/IN"));
	assert_true(policy_is_fixed(&policy, "/in/deep"));
	assert_false(policy_is_fixed(&policy, "/in/other"));
	assert_false(policy_is_fixed(&policy, "/i"));
}

static void
entries_are_hidden_by_name_and_by_place(void **state)
{
	(void)state;
	assert_true(policy_hides_entry(&policy, "/in", sp_text(".x")));
	assert_true(policy_hides_entry(&policy, "/", sp_text("a.part")));
	assert_true(policy_hides_entry(&policy, "/out/inner", sp_text("a")));
	assert_false(policy_hides_entry(&policy, "/in", sp_text("a")));
	assert_false(policy_hides_entry(&policy, "/in", sp_text(".")));
	assert_false(policy_hides_entry(&policy, "/in", sp_text("..")));
	/* Such are refused, but shown. */
	assert_false(policy_hides_entry(&policy, "/in", sp_text("a.exe")));
}

static void
modes_are_forced_or_taken_from(void **state)
{
	struct sp_file_attr attr = { .has = SP_FILE_HAS_MODE, .mode = 04777 };

	(void)state;
	assert_int_equal(policy_mode(&policy, &attr, false), 0640);
	assert_int_equal(policy_mode(&policy, &attr, true), 04755);
	attr.has = 0;
	assert_int_equal(policy_mode(&policy, &attr, true), 0755);
}

static void
options_that_make_no_sense_are_told(void **state)
{
	static const char *const paths[] = { "", "in", "/in/", "//", "/a//b",
		"/./a", "/a/..", "/..", "/a/./b" };
	struct policy_folder one[2] = { { .path = "/a" }, { .path = "/a" } };
	struct policy_conf bad = { .folders = { .items = one, .count = 1 } };
	char err[200];

	(void)state;
	assert_true(policy_check(&conf, err, sizeof err));
	assert_true(policy_check(&bad, err, sizeof err));
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		one[0].path = paths[i];
		assert_false(policy_check(&bad, err, sizeof err));
	}
	one[0].path = "/a";
	bad.folders.count = 2;
	assert_false(policy_check(&bad, err, sizeof err));
	assert_non_null(strstr(err, "twice"));
	bad.folders.count = 1;
	one[0].may = (struct sp_list)LIST("list", "lost");
	assert_false(policy_check(&bad, err, sizeof err));
	assert_non_null(strstr(err, "\"lost\""));
}

static void
parts_have_names_of_their_own(void **state)
{
	char a[PATH_MAX], b[PATH_MAX], name[300];

	(void)state;
	assert_true(partname_make("/in/x", a, sizeof a));
	assert_true(partname_make("/in/x", b, sizeof b));
	assert_string_not_equal(a, b);
	assert_int_equal(strncmp(a, "/in/.x.", 7), 0);
	assert_true(partname_waiting("/in/x", a, sizeof a));
	assert_string_equal(a, "/in/.x.part");
	assert_true(partname_is_in(a));
	assert_true(partname_is_in(b));
	assert_true(partname_is_in("/a/.b.PART/c"));
	assert_false(partname_is_in("/in/x.part"));
	assert_false(partname_is_in("/in/.part"));
	assert_false(partname_is_in("/in/.x.parts"));
	memset(name, 'n', sizeof name);
	name[0] = '/';
	name[PARTNAME_MAX + 1] = '\0';
	assert_true(partname_make(name, a, sizeof a));
	assert_true(strlen(strrchr(a, '/') + 1) <= NAME_MAX);
	name[PARTNAME_MAX + 1] = 'n';
	name[PARTNAME_MAX + 2] = '\0';
	assert_false(partname_make(name, a, sizeof a));
	assert_false(partname_make("/in/x", a, 10));
}

/* The longest decides here, too; and they are where they are. */
static void
what_is_mounted_may_be_read_only(void **state)
{
	static const struct policy_mount mounts[] = {
		{ .path = "/m", .read_only = true },
		{ .path = "/m/mine" },
		{ .path = "/deep/er/m", .read_only = true },
	};
	static const struct policy_conf mounted = {
		.mounts = { .items = mounts, .count = 3 },
	};
	static const struct {
		const char *path;
		unsigned may;
		bool is_fixed;
	} rows[] = {
		{ "/", POLICY_ALL, true },
		{ "/m", POLICY_LOOK, true },
		{ "/m/x", POLICY_LOOK, false },
		{ "/M", POLICY_ALL, false },
		{ "/mm", POLICY_ALL, false },
		{ "/m/mine", POLICY_ALL, true },
		{ "/m/mine/x", POLICY_ALL, false },
		{ "/deep", POLICY_ALL, true },
		{ "/deep/er/x", POLICY_ALL, false },
		{ "/deep/er/m/x/y", POLICY_LOOK, false },
	};
	struct policy p;

	(void)state;
	assert_true(policy_init(&p, &mounted));
	assert_true(p.looks_at_paths);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(policy_rights(&p, rows[i].path), rows[i].may);
		assert_int_equal(
		    policy_is_fixed(&p, rows[i].path), rows[i].is_fixed);
	}
	policy_clear(&p);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_longest_folder_decides),
		TEST(what_is_asked_is_allowed_refused_or_not_there),
		TEST(without_folders_all_is_allowed_and_read_only_takes_it),
		TEST(folders_of_the_configuration_are_fixed),
		TEST(entries_are_hidden_by_name_and_by_place),
		TEST(modes_are_forced_or_taken_from),
		TEST(options_that_make_no_sense_are_told),
		TEST(parts_have_names_of_their_own),
		TEST(what_is_mounted_may_be_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
