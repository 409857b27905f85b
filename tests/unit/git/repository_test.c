/* Which folders below a root are repositories. */
#include "modules/git/repository.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64];
static char root[96];

/* Bare repositories in all but their content, and what is none. */
static int
set_up(void **state)
{
	char command[1024];

	(void)state;
	snprintf(top, sizeof top, "/tmp/repository-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(root, sizeof root, "%s/root", top);
	snprintf(command, sizeof command,
	    "cd %s && bare() { mkdir -p \"$1/objects\" \"$1/refs\" && "
	    ": >\"$1/HEAD\"; } && bare out.git && mkdir root && cd root && "
	    "bare a.git && bare b && bare c && bare c.git && : >c.git/mark && "
	    "bare team/d.git && ln -s a.git near.git && "
	    "ln -s ../out.git far.git && ln -s .. up && mkdir plain && "
	    ": >file && bare e.git && rm e.git/HEAD && mkdir e.git/HEAD && "
	    "bare f.git && rmdir f.git/refs && ln -s ../a.git/refs f.git/refs "
	    "&& bare g.git && echo 'gitdir: ../../out.git' >g.git/.git && "
	    "bare h.git && echo ../../out.git >h.git/commondir && "
	    "bare i.git && rm i.git/HEAD && ln -s ../a.git/HEAD i.git/HEAD",
	    top);
	return system(command);
}

static int
tear_down(void **state)
{
	char command[80];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", top);
	return system(command);
}

static void
a_repository_is_found_by_either_name(void **state)
{
	static const char *const names[] = { "a", "a.git", "b", "b.git",
		"team/d", "team/d.git" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *problem = "left over";
		int fd = repository_open(root, names[i], &problem);

		assert_true(fd >= 0);
		assert_null(problem);
		close(fd);
	}
}

static void
the_name_as_it_is_given_comes_first(void **state)
{
	const char *problem;
	struct stat st;
	int fd;

	(void)state;
	fd = repository_open(root, "c", &problem);
	assert_true(fd >= 0);
	assert_int_not_equal(fstatat(fd, "mark", &st, 0), 0);
	close(fd);
	fd = repository_open(root, "c.git", &problem);
	assert_int_equal(fstatat(fd, "mark", &st, 0), 0);
	close(fd);
}

static void
what_is_none_or_elsewhere_is_not_opened(void **state)
{
	static const struct {
		const char *name;
		const char *problem;
	} rows[] = {
		{ "nothing", "there is no repository of that name" },
		{ "plain", "there is no repository of that name" },
		{ "file", "there is no repository of that name" },
		{ "team", "there is no repository of that name" },
		{ "a.git/refs", "there is no repository of that name" },
		{ "a.git/HEAD", "there is no repository of that name" },
		{ "e", "there is no repository of that name" },
		{ "f", "there is no repository of that name" },
		{ "g", "there is no repository of that name" },
		{ "h", "there is no repository of that name" },
		{ "i", "there is no repository of that name" },
		{ "up", "its path leads out of the root" },
		{ "up/out.git", "its path leads out of the root" },
		{ "../out.git", "its path leads out of the root" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *problem = NULL;

		assert_int_equal(
		    repository_open(root, rows[i].name, &problem), -1);
		/* Without openat2() no link is followed, nor told apart. */
		if (strncmp(rows[i].name, "up", 2) != 0)
			assert_string_equal(problem, rows[i].problem);
	}
}

static void
a_root_that_is_not_there_has_no_repositories(void **state)
{
	const char *problem = NULL;

	(void)state;
	assert_int_equal(repository_open("/nonexistent", "a", &problem), -1);
	assert_string_equal(problem, "there is no root for it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_repository_is_found_by_either_name),
		cmocka_unit_test(the_name_as_it_is_given_comes_first),
		cmocka_unit_test(what_is_none_or_elsewhere_is_not_opened),
		cmocka_unit_test(a_root_that_is_not_there_has_no_repositories),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
