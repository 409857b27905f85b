/* What is new is whole, and what is there stays. */
#include "daemon/supervisor/newfile.h"

#include "lib/wire/view.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/newfile_test.XXXXXX";
static char path[64];

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/file", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void
expect(const char *text, mode_t mode)
{
	char got[64];
	struct stat st;
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, got, sizeof got);

	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(got, text, strlen(text));
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_nlink, 1); /* nothing is left beside it */
}

static void
a_new_file_has_its_mode_whatever_the_mask(void **state)
{
	mode_t before = umask(077);

	(void)state;
	assert_true(newfile_write(path, view_of_string("one\n"), 0644));
	umask(before);
	expect("one\n", 0644);
}

static void
a_file_that_is_there_stays(void **state)
{
	(void)state;
	assert_false(newfile_write(path, view_of_string("two\n"), 0600));
	assert_int_equal(errno, EEXIST);
	expect("one\n", 0644);
}

static void
where_it_cannot_be_written_nothing_is_left(void **state)
{
	char elsewhere[128];

	(void)state;
	snprintf(elsewhere, sizeof elsewhere, "%s/no/file", folder);
	assert_false(newfile_write(elsewhere, view_of_string("x"), 0600));
	assert_int_equal(errno, ENOENT);
}

static void
folders_are_made_down_to_the_last(void **state)
{
	char deep[128];
	struct stat st;

	(void)state;
	snprintf(deep, sizeof deep, "%s/a/b", folder);
	assert_true(newfile_make_folders(deep, 0700));
	assert_true(newfile_make_folders(deep, 0755)); /* is there */
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	rmdir(deep);
	snprintf(deep, sizeof deep, "%s/a", folder);
	rmdir(deep);
	assert_false(newfile_make_folders("", 0700));
	snprintf(deep, sizeof deep, "%s/x", path);
	assert_false(newfile_make_folders(deep, 0700));
	assert_int_equal(errno, ENOTDIR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_has_its_mode_whatever_the_mask),
		cmocka_unit_test(a_file_that_is_there_stays),
		cmocka_unit_test(where_it_cannot_be_written_nothing_is_left),
		cmocka_unit_test(folders_are_made_down_to_the_last),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
