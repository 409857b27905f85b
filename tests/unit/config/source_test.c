/* Configuration files: includes, and whose they may be. */
#include "daemon/config/source.h"
#include "lib/wire/view.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A disk that fails after so many entries; -1: it never does. */
static int entries_left = -1;

struct dirent *
readdir(DIR *folder)
{
	struct dirent *(*next)(DIR *);
	void *found = dlsym(RTLD_NEXT, "readdir64");

	if (entries_left == 0) {
		errno = EIO;
		return NULL;
	}
	if (entries_left > 0)
		entries_left--;
	memcpy(&next, &found, sizeof next);
	return next(folder);
}

/* A folder for each test, and what is read in it. */
struct place {
	char folder[64];
	char path[128];
	struct arena arena;
	struct mistakes mistakes;
	struct source source;
};

static const char *
path_in(struct place *place, const char *name)
{
	snprintf(place->path, sizeof place->path, "%s/%s", place->folder, name);
	return place->path;
}

static void
put(struct place *place, const char *name, const char *text)
{
	FILE *file = fopen(path_in(place, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(place->path, 0644), 0);
}

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	strcpy(place->folder, "/tmp/source_test.XXXXXX");
	if (mkdtemp(place->folder) == NULL)
		return -1;
	arena_init(&place->arena);
	mistake_init(&place->mistakes);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "main.conf", "a.conf", "b.conf",
		"c.txt", ".d.conf", "fifo" };
	struct place *place = *state;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(path_in(place, names[i]));
	rmdir(place->folder);
	arena_clear(&place->arena);
	mistake_clear(&place->mistakes);
	free(place);
	return 0;
}

static bool
read_main(struct place *place)
{
	return source_read(&place->arena, path_in(place, "main.conf"),
	    &place->source, &place->mistakes);
}

static void
an_included_file_stands_in_the_place_of_its_line(void **state)
{
	struct place *place = *state;
	struct source_line at;

	put(place, "a.conf", "a = 1;\na2 = 1;");
	put(place, "main.conf", "x = 1;\n  @include \"a.conf\"\ny = 1;\n");
	assert_true(read_main(place));
	assert_int_equal(place->mistakes.count, 0);
	assert_string_equal(
	    place->source.text, "x = 1;\na = 1;\na2 = 1;\ny = 1;\n");
	at = source_where(&place->source, 3);
	assert_non_null(strstr(at.file, "/a.conf"));
	assert_int_equal(at.line, 2);
	at = source_where(&place->source, 4);
	assert_non_null(strstr(at.file, "/main.conf"));
	assert_int_equal(at.line, 3);
}

static void
an_include_in_a_comment_includes_nothing(void **state)
{
	struct place *place = *state;

	put(place, "main.conf",
	    "/* \" \n@include \"a.conf\"\n*/ x = \"/*\";\n// /*\n# /*\n");
	assert_true(read_main(place));
	assert_int_equal(place->mistakes.count, 0);
	assert_int_equal(place->source.line_count, 5);
}

static void
a_file_that_includes_itself_is_told_once(void **state)
{
	struct place *place = *state;

	put(place, "main.conf", "@include \"main.conf\"\n");
	assert_true(read_main(place));
	assert_int_equal(place->mistakes.count, 1);
	assert_non_null(strstr(place->mistakes.items[0].text, "deep"));
}

/* Each of a few lines may include a file of a few lines, ten times over. */
static void
files_that_include_ever_more_end_at_a_limit(void **state)
{
	enum { LINES = 100 };
	struct place *place = *state;
	char text[LINES * 20] = "";

	put(place, "b.conf", "");
	for (int i = 0; i < LINES; i++)
		strcat(text, "@include \"b.conf\"\n");
	put(place, "a.conf", text);
	text[0] = '\0';
	for (int i = 0; i < LINES; i++)
		strcat(text, "@include \"a.conf\"\n");
	put(place, "main.conf", text);
	assert_false(read_main(place));
	assert_int_equal(place->mistakes.count, 1);
	assert_non_null(
	    strstr(place->mistakes.items[0].text, "more than 1000"));
}

static void
an_include_that_cannot_be_is_told_with_its_line(void **state)
{
	static const char *const wrong[] = { "\n@include \"none.conf\"\n",
		"\n@include none.conf\n", "\n@include \"none.conf\n",
		"\n@include\n", "\n@include \"\"\n",
		"\n@include \"none.conf\" x = 1;\n" };
	struct place *place = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		put(place, "main.conf", wrong[i]);
		assert_true(read_main(place));
		assert_int_equal(place->mistakes.count, i + 1);
		assert_int_equal(place->mistakes.items[i].line, 2);
	}
}

static void
a_comment_left_open_in_an_included_file_ends_with_it(void **state)
{
	struct place *place = *state;

	put(place, "a.conf", "/* open\n");
	put(place, "main.conf", "@include \"a.conf\"\nx = 1; */\n");
	assert_true(read_main(place));
	assert_int_equal(place->mistakes.count, 1);
	assert_non_null(strstr(place->mistakes.items[0].file, "a.conf"));
}

static void
a_file_others_can_write_is_refused_included_or_not(void **state)
{
	struct place *place = *state;

	put(place, "main.conf", "@include \"a.conf\"\n");
	put(place, "a.conf", "a = 1;\n");
	assert_int_equal(chmod(path_in(place, "a.conf"), 0664), 0);
	assert_true(read_main(place));
	assert_int_equal(place->mistakes.count, 1);
	assert_non_null(strstr(place->mistakes.items[0].text, "0664"));
	assert_null(strstr(place->source.text, "a = 1"));
	assert_int_equal(chmod(path_in(place, "main.conf"), 0646), 0);
	assert_false(read_main(place));
	assert_int_equal(place->mistakes.count, 2);
}

static void
a_file_of_another_user_is_refused(void **state)
{
	struct place *place = *state;

	if (geteuid() != 0)
		skip();
	put(place, "main.conf", "a = 1;\n");
	assert_int_equal(chown(path_in(place, "main.conf"), 12345, 0), 0);
	assert_false(read_main(place));
	assert_non_null(strstr(place->mistakes.items[0].text, "12345"));
}

static void
what_is_no_file_is_refused_without_waiting(void **state)
{
	struct place *place = *state;

	assert_false(read_main(place));
	assert_int_equal(mkfifo(path_in(place, "fifo"), 0600), 0);
	assert_false(source_read(&place->arena, path_in(place, "fifo"),
	    &place->source, &place->mistakes));
	assert_false(source_read(
	    &place->arena, place->folder, &place->source, &place->mistakes));
	assert_int_equal(place->mistakes.count, 3);
}

static void
a_folder_gives_its_conf_files_in_the_order_of_their_names(void **state)
{
	struct place *place = *state;
	struct string_list names;

	put(place, "b.conf", "");
	put(place, "a.conf", "");
	put(place, "c.txt", "");
	put(place, ".d.conf", "");
	names = source_folder(&place->arena, place->folder, &place->mistakes);
	assert_int_equal(place->mistakes.count, 0);
	assert_int_equal(names.count, 2);
	assert_non_null(strstr(names.items[0], "/a.conf"));
	assert_non_null(strstr(names.items[1], "/b.conf"));
}

static void
a_folder_that_cannot_be_read_to_its_end_gives_nothing(void **state)
{
	struct place *place = *state;

	put(place, "a.conf", "");
	put(place, "b.conf", "");
	for (int n = 0; n < 3; n++) {
		entries_left = n;
		assert_int_equal(source_folder(&place->arena, place->folder,
				     &place->mistakes)
				     .count,
		    0);
	}
	entries_left = -1;
	assert_int_equal(place->mistakes.count, 3);
	assert_string_equal(place->mistakes.items[0].file, place->folder);
}

static void
a_folder_others_can_write_is_refused_and_none_is_no_mistake(void **state)
{
	struct place *place = *state;

	put(place, "a.conf", "");
	assert_int_equal(source_folder(&place->arena, path_in(place, "none"),
			     &place->mistakes)
			     .count,
	    0);
	assert_int_equal(place->mistakes.count, 0);
	assert_int_equal(chmod(place->folder, 0777), 0);
	assert_int_equal(
	    source_folder(&place->arena, place->folder, &place->mistakes).count,
	    0);
	assert_int_equal(place->mistakes.count, 1);
}

static void
a_file_longer_than_the_limit_is_refused(void **state)
{
	struct place *place = *state;

	put(place, "main.conf", "");
	assert_int_equal(
	    truncate(path_in(place, "main.conf"), SOURCE_FILE_MAX + 1), 0);
	assert_false(read_main(place));
	assert_non_null(strstr(place->mistakes.items[0].text, "MiB"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_included_file_stands_in_the_place_of_its_line),
		TEST(an_include_in_a_comment_includes_nothing),
		TEST(a_file_that_includes_itself_is_told_once),
		TEST(files_that_include_ever_more_end_at_a_limit),
		TEST(an_include_that_cannot_be_is_told_with_its_line),
		TEST(a_comment_left_open_in_an_included_file_ends_with_it),
		TEST(a_file_others_can_write_is_refused_included_or_not),
		TEST(a_file_of_another_user_is_refused),
		TEST(what_is_no_file_is_refused_without_waiting),
		TEST(a_folder_gives_its_conf_files_in_the_order_of_their_names),
		TEST(a_folder_that_cannot_be_read_to_its_end_gives_nothing),
		TEST(
		    a_folder_others_can_write_is_refused_and_none_is_no_mistake),
		TEST(a_file_longer_than_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
