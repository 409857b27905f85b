/* A file that is replaced as a whole, and one that is not to be touched. */
#include "cli/sallyportctl/bookfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/bookfile-XXXXXX";
static char path[64];
static struct bookfile file;
static const char *problem;

static int
begin_all(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/users", folder);
	return 0;
}

static int
end_all(void **state)
{
	(void)state;
	unlink(path);
	/* Fails where something was left behind. */
	return rmdir(folder);
}

static void
write_file(const char *text, mode_t mode)
{
	FILE *out;

	unlink(path);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(chmod(path, mode), 0);
}

static void
assert_holds(const char *text, mode_t mode)
{
	struct stat st;

	assert_true(bookfile_open(&file, path, 100, &problem));
	assert_true(file.is_there);
	assert_int_equal(file.text.len, strlen(text));
	assert_memory_equal(file.text.data, text, strlen(text));
	bookfile_close(&file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void
one_that_is_not_there_is_empty_and_made_for_its_owner(void **state)
{
	(void)state;
	unlink(path);
	assert_true(bookfile_open(&file, path, 100, &problem));
	assert_false(file.is_there);
	assert_int_equal(file.text.len, 0);
	assert_true(bookfile_replace(
	    &file, (struct sp_view){ (const uint8_t *)"one", 3 }, &problem));
	bookfile_close(&file);
	assert_holds("one", 0600);
}

static void
mode_stays_and_the_old_text_does_not(void **state)
{
	(void)state;
	write_file("a longer text", 0640);
	assert_true(bookfile_open(&file, path, 100, &problem));
	assert_true(bookfile_replace(
	    &file, (struct sp_view){ (const uint8_t *)"two", 3 }, &problem));
	bookfile_close(&file);
	assert_holds("two", 0640);
}

static void
what_is_not_replaced_stays(void **state)
{
	(void)state;
	write_file("three", 0600);
	assert_true(bookfile_open(&file, path, 100, &problem));
	bookfile_close(&file);
	assert_holds("three", 0600);
}

static void
what_others_may_write_or_is_too_large_is_refused(void **state)
{
	(void)state;
	write_file("four", 0620);
	assert_false(bookfile_open(&file, path, 100, &problem));
	assert_string_equal(problem, "others may write it");
	write_file("four", 0602);
	assert_false(bookfile_open(&file, path, 100, &problem));
	write_file("four", 0600);
	assert_false(bookfile_open(&file, path, 3, &problem));
	assert_string_equal(problem, "it is too large");
	assert_true(bookfile_open(&file, path, 4, &problem));
	bookfile_close(&file);
}

static void
neither_a_link_nor_a_fifo_is_read(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_false(bookfile_open(&file, path, 100000, &problem));
	assert_string_equal(problem, "it is a link");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(bookfile_open(&file, path, 100, &problem));
	assert_string_equal(problem, "it is no regular file");
	unlink(path);
	assert_false(bookfile_open(&file, "/nowhere/x", 100, &problem));
}

/* Whoever did not end his work left it; a link there is not written through. */
static void
what_was_left_behind_is_no_obstacle(void **state)
{
	char fresh[80];

	(void)state;
	snprintf(fresh, sizeof fresh, "%s/.users.new", folder);
	write_file("five", 0600);
	assert_int_equal(symlink(path, fresh), 0);
	assert_true(bookfile_open(&file, path, 100, &problem));
	assert_true(bookfile_replace(
	    &file, (struct sp_view){ (const uint8_t *)"six", 3 }, &problem));
	bookfile_close(&file);
	assert_holds("six", 0600);
	assert_int_equal(access(fresh, F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    one_that_is_not_there_is_empty_and_made_for_its_owner),
		cmocka_unit_test(mode_stays_and_the_old_text_does_not),
		cmocka_unit_test(what_is_not_replaced_stays),
		cmocka_unit_test(
		    what_others_may_write_or_is_too_large_is_refused),
		cmocka_unit_test(neither_a_link_nor_a_fifo_is_read),
		cmocka_unit_test(what_was_left_behind_is_no_obstacle),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
