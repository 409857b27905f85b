/* Paths of repositories: what is taken, and all that is not. */
#include "modules/git/repopath.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
a_path_lies_below_the_root(void **state)
{
	static const struct {
		const char *path;
		const char *name;
	} rows[] = {
		{ "project", "project" },
		{ "project.git", "project.git" },
		{ "/project.git", "project.git" },
		{ "project.git/", "project.git" },
		{ "/a/b c/d", "a/b c/d" },
		{ "a/.git", "a/.git" },
		{ "...", "..." },
		{ ".x/..y", ".x/..y" },
		{ "a-/b~", "a-/b~" },
		{ "with 'quote'", "with 'quote'" },
		{ "$(id);*", "$(id);*" },
		{ "\xc3\xa4", "\xc3\xa4" },
	};
	char room[REPOPATH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_null(repopath_read(rows[i].path, room));
		assert_string_equal(room, rows[i].name);
	}
}

static void
what_is_not_plain_is_refused(void **state)
{
	static const char *const paths[] = { "", "/", "//", "//a", "a//b",
		"a//", "///", ".", "..", "/..", "/.", "../a", "a/..", "a/../b",
		"a/./b", "./a", "a/.", "/../a", "a/..//", "-a", "/-a", "a/-b",
		"--upload-pack=x", "~", "~a/b", "/~a/b", "a/~/b", "a\nb",
		"a\tb", "\x01", "a\x7f", "a\x1b[m", "a/\r" };
	char room[REPOPATH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		strcpy(room, "left over");
		if (repopath_read(paths[i], room) == NULL)
			fail_msg("\"%s\" is \"%s\"", paths[i], room);
	}
}

static void
a_path_has_a_longest_length(void **state)
{
	char path[REPOPATH_SIZE + 8] = "", room[REPOPATH_SIZE];
	char other[REPOPATH_SIZE];

	(void)state;
	memset(path, 'a', REPOPATH_SIZE - 5);
	assert_null(repopath_read(path, room));
	assert_true(repopath_other(room, other));
	assert_int_equal(strlen(other), REPOPATH_SIZE - 1);
	memset(path, 'a', REPOPATH_SIZE - 4);
	assert_non_null(repopath_read(path, room));
	memset(path, 'a', REPOPATH_SIZE + 7);
	assert_non_null(repopath_read(path, room));
}

static void
a_suffix_may_be_there_or_not(void **state)
{
	static const struct {
		const char *path;
		const char *other; /* NULL: none */
	} rows[] = {
		{ "project", "project.git" },
		{ "project.git", "project" },
		{ "a/b", "a/b.git" },
		{ "a.git/b.git", "a.git/b" },
		{ "git", "git.git" },
		{ ".git", NULL },
		{ "a/.git", NULL },
		{ "x.git.git", "x.git" },
	};
	char room[REPOPATH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool has_other = repopath_other(rows[i].path, room);

		assert_int_equal(has_other, rows[i].other != NULL);
		if (has_other)
			assert_string_equal(room, rows[i].other);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_lies_below_the_root),
		cmocka_unit_test(what_is_not_plain_is_refused),
		cmocka_unit_test(a_path_has_a_longest_length),
		cmocka_unit_test(a_suffix_may_be_there_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
