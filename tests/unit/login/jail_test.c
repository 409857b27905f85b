/* Which folders may become the root of a session. */
#include "daemon/login/jail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Below a folder that only root may write to: top/above/jail/inside. */
static char top[64];

static const char *
at(const char *name)
{
	static char path[2][PATH_MAX];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", top, name);
	return path[turn];
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(top, "/run/jail_test.XXXXXX");
	if (geteuid() != 0)
		return 0;
	return mkdtemp(top) == NULL || chmod(top, 0755) != 0 ||
	    mkdir(at("above"), 0755) != 0 ||
	    mkdir(at("above/jail"), 0755) != 0 ||
	    mkdir(at("above/jail/inside"), 0755) != 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	return rmdir(at("above/jail/inside")) != 0 ||
	    rmdir(at("above/jail")) != 0 || rmdir(at("above")) != 0 ||
	    rmdir(top) != 0;
}

/* In a child; what it says is wrong, or "in" when it is and sees no more. */
static const char *
enter(const char *folder)
{
	static char text[JAIL_PROBLEM_SIZE];
	char problem[JAIL_PROBLEM_SIZE] = "";
	int out[2], status;
	ssize_t n;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0) {
		if (jail_enter(folder, problem)) {
			char cwd[PATH_MAX];

			strcpy(problem,
			    access("/inside", F_OK) == 0 &&
				    access("/run", F_OK) != 0 &&
				    access("/../above", F_OK) != 0 &&
				    getcwd(cwd, sizeof cwd) != NULL &&
				    strcmp(cwd, "/") == 0
				? "in"
				: "astray");
		}
		n = write(out[1], problem, strlen(problem));
		_exit(n == (ssize_t)strlen(problem) ? 0 : 1);
	}
	close(out[1]);
	n = read(out[0], text, sizeof text - 1);
	close(out[0]);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return text;
}

static void
expect(const char *folder, const char *told, const char *about)
{
	const char *text = enter(folder);

	if (strstr(text, told) == NULL || strstr(text, about) == NULL)
		fail_msg("%s: %s", folder, text);
}

static void
a_folder_of_roots_becomes_the_root(void **state)
{
	(void)state;
	assert_string_equal(enter(at("above/jail")), "in");
	assert_string_equal(enter(at("above/jail/")), "in");
	assert_string_equal(enter(at("above/../above//jail/.")), "in");
}

static void
what_others_may_write_to_is_refused(void **state)
{
	static const char *const places[] = { "above/jail", "above" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		static const mode_t modes[] = { 0775, 0757, 01777 };

		enter(at("above/jail"));
		for (size_t j = 0; j < 3; j++) {
			assert_int_equal(chmod(at(places[i]), modes[j]), 0);
			expect(at("above/jail"), "bad ownership or modes",
			    at(places[i]));
		}
		assert_int_equal(chmod(at(places[i]), 0755), 0);
	}
	assert_string_equal(enter(at("above/jail")), "in");
}

static void
what_belongs_to_another_is_refused(void **state)
{
	static const char *const places[] = { "above/jail", "above" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		enter(at("above/jail"));
		assert_int_equal(chown(at(places[i]), 64701, 0), 0);
		expect(
		    at("above/jail"), "bad ownership or modes", at(places[i]));
		assert_int_equal(chown(at(places[i]), 0, 0), 0);
	}
}

static void
the_folders_behind_a_link_are_looked_at(void **state)
{
	(void)state;
	enter(at("above/jail"));
	assert_int_equal(symlink(at("above/jail"), at("link")), 0);
	assert_string_equal(enter(at("link")), "in");
	assert_int_equal(chmod(at("above"), 0777), 0);
	expect(at("link"), "bad ownership or modes", at("above"));
	assert_int_equal(chmod(at("above"), 0755), 0);
	assert_int_equal(unlink(at("link")), 0);
}

static void
what_is_no_folder_is_refused(void **state)
{
	(void)state;
	expect(at("none"), "No such file", "none");
	expect("/dev/null", "Not a directory", "/dev/null");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_of_roots_becomes_the_root),
		cmocka_unit_test(what_others_may_write_to_is_refused),
		cmocka_unit_test(what_belongs_to_another_is_refused),
		cmocka_unit_test(the_folders_behind_a_link_are_looked_at),
		cmocka_unit_test(what_is_no_folder_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
