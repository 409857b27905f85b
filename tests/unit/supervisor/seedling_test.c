/* What "sallyportd new-module" writes, and what it does not. */
#include "daemon/supervisor/seedling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/seedling-test-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = { "mine/mine.c", "mine/mine.script",
		"mine/Makefile", "a-b/a-b.c", "a-b/a-b.script",
		"a-b/Makefile" };

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		unlink(files[i]);
	return rmdir("mine") | rmdir("a-b") | chdir("/") | rmdir(folder);
}

static int
plant(char *name, char *kind)
{
	char *argv[] = { name, kind };

	return seedling_plant(name == NULL ? 0 : kind == NULL ? 1 : 2, argv);
}

static const char *
read_file(const char *path)
{
	static char text[8192];
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof text - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void
an_auth_module_is_written_under_its_name(void **state)
{
	char name[] = "mine";
	const char *text;

	(void)state;
	assert_int_equal(plant(name, NULL), 0);
	text = read_file("mine/mine.c");
	assert_non_null(strstr(text, "SP_MODULE(\"mine\""));
	assert_non_null(strstr(text, "SP_KIND_AUTH"));
	assert_null(strstr(text, "skeleton"));
	assert_non_null(strstr(read_file("mine/Makefile"), "= mine\n"));
	assert_non_null(strstr(read_file("mine/mine.script"), "> fuzz"));
}

static void
what_is_there_is_left_as_it_is(void **state)
{
	char name[] = "mine";

	(void)state;
	assert_int_equal(truncate("mine/mine.c", 0), 0);
	assert_int_equal(plant(name, NULL), EXIT_FAILURE);
	assert_string_equal(read_file("mine/mine.c"), "");
}

static void
a_handler_is_written_where_it_is_wanted(void **state)
{
	char name[] = "a-b", kind[] = "handler";

	(void)state;
	assert_int_equal(plant(name, kind), 0);
	assert_non_null(strstr(read_file("a-b/a-b.c"), "SP_KIND_HANDLER"));
	assert_non_null(strstr(read_file("a-b/a-b.script"), "> exec"));
}

static void
what_is_no_name_or_kind_is_refused(void **state)
{
	static char names[][80] = { "", "-x", "../x", "/x", "Mine", "a.b", "" };
	char good[] = "good", kind[] = "storage";
	struct stat st;

	(void)state;
	memset(names[6], 'a', 65);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(plant(names[i], NULL), 64);
	assert_int_equal(plant(good, kind), 64);
	assert_int_equal(plant(NULL, NULL), 64);
	assert_int_not_equal(stat("good", &st), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_auth_module_is_written_under_its_name),
		cmocka_unit_test(what_is_there_is_left_as_it_is),
		cmocka_unit_test(a_handler_is_written_where_it_is_wanted),
		cmocka_unit_test(what_is_no_name_or_kind_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
