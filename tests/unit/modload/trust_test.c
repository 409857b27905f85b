/* Which programs and files may be relied on. */
#include "daemon/modload/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64];
static char folder[96];
static char program[128];

static int
set_up(void **state)
{
	FILE *file;

	(void)state;
	snprintf(top, sizeof top, "/tmp/trust-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(folder, sizeof folder, "%s/bin", top);
	snprintf(program, sizeof program, "%s/p", folder);
	if (mkdir(folder, 0755) != 0 || (file = fopen(program, "w")) == NULL)
		return -1;
	fclose(file);
	return chmod(program, 0755);
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
assert_refused(const char *path, const char *because)
{
	char err[256] = "";

	assert_false(sp_check_program(path, err, sizeof err));
	if (strstr(err, because) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err, because);
}

static void
a_program_of_ones_own_is_good(void **state)
{
	char err[256];

	(void)state;
	assert_true(sp_check_program(program, err, sizeof err));
	assert_true(sp_check_program("/bin/sh", err, sizeof err));
}

static void
what_is_no_program_is_refused(void **state)
{
	char path[160];

	(void)state;
	assert_refused("p", "is no absolute path");
	assert_refused("/nonexistent/p", "No such file");
	assert_refused(folder, "is no file");
	assert_int_equal(chmod(program, 0644), 0);
	assert_refused(program, "chmod +x");
	assert_int_equal(chmod(program, 0755), 0);
	snprintf(path, sizeof path, "%s/x", program);
	assert_refused(path, "Not a directory");
}

static void
what_others_may_write_or_replace_is_refused(void **state)
{
	(void)state;
	assert_int_equal(chmod(program, 0775), 0);
	assert_refused(program, "chmod go-w");
	assert_int_equal(chmod(program, 0757), 0);
	assert_refused(program, "chmod go-w");
	assert_int_equal(chmod(program, 0755), 0);
	assert_int_equal(chmod(folder, 01777), 0);
	assert_refused(program, "chmod go-w");
	assert_int_equal(chmod(folder, 0755), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(program, 64701, 64701), 0);
	assert_refused(program, "belongs to user id 64701");
	assert_int_equal(chown(program, 0, 0), 0);
}

static void
a_link_counts_as_its_folder_does(void **state)
{
	char open_folder[96], link[160], err[256];

	(void)state;
	snprintf(open_folder, sizeof open_folder, "%s/open", top);
	snprintf(link, sizeof link, "%s/p", open_folder);
	assert_int_equal(mkdir(open_folder, 0755), 0);
	assert_int_equal(symlink("../bin/p", link), 0);
	assert_true(sp_check_program(link, err, sizeof err));
	assert_int_equal(chmod(open_folder, 0777), 0);
	assert_refused(link, "chmod go-w");
}

/* Whether a file is opened; and why not. */
static bool
is_opened(const char *path, const char *because)
{
	char err[256] = "";
	int fd = sp_open_trusted(path, err, sizeof err);

	if (fd >= 0)
		close(fd);
	else if (strstr(err, because) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err, because);
	return fd >= 0;
}

static void
a_file_is_trusted_as_a_program_is(void **state)
{
	char path[160], link[160];

	(void)state;
	assert_int_equal(chmod(program, 0644), 0);
	assert_true(is_opened(program, ""));
	assert_false(is_opened("p", "is no absolute path"));
	assert_false(is_opened("/nonexistent/p", "No such file"));
	assert_false(is_opened(folder, "is no regular file"));
	assert_false(is_opened("/dev/null", "is no regular file"));
	assert_int_equal(chmod(program, 0664), 0);
	assert_false(is_opened(program, "chmod go-w"));
	assert_int_equal(chmod(program, 0644), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_false(is_opened(program, "chmod go-w"));
	assert_int_equal(chmod(folder, 0755), 0);
	/* It would wait for who writes, for ever. */
	snprintf(path, sizeof path, "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(is_opened(path, "is no regular file"));
	snprintf(link, sizeof link, "%s/link", folder);
	assert_int_equal(symlink("p", link), 0);
	assert_true(is_opened(link, ""));
	assert_int_equal(chmod(program, 0755), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_of_ones_own_is_good),
		cmocka_unit_test(what_is_no_program_is_refused),
		cmocka_unit_test(what_others_may_write_or_replace_is_refused),
		cmocka_unit_test(a_link_counts_as_its_folder_does),
		cmocka_unit_test(a_file_is_trusted_as_a_program_is),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
