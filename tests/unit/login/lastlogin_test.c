/* Records of last logins, in files as there may be. */
#include "daemon/login/lastlogin.h"

#include <errno.h>
#include <fcntl.h>
#include <lastlog.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* 2001-09-09 01:46:40 UTC */
enum { MOMENT = 1000000000, OWNER = 7 };

static char folder[] = "/tmp/lastlogin_test.XXXXXX";
static char path[64], other[64];

static int
set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(strrchr(folder, '.'), ".XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/lastlog", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	setenv("TZ", "UTC", 1);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0664);
	return fd >= 0 && close(fd) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	rmdir(path);
	unlink(other);
	return rmdir(folder);
}

static int
expect_open(void)
{
	const char *problem = "none yet";
	int fd = lastlogin_open(path, &problem);

	assert_true(fd >= 0);
	assert_null(problem);
	return fd;
}

static void
expect_problem(const char *expected)
{
	const char *problem = "none yet";

	assert_int_equal(lastlogin_open(path, &problem), -1);
	if (expected == NULL)
		assert_null(problem);
	else
		assert_string_equal(problem, expected);
}

static void
put(const struct lastlog *record, size_t size, uid_t uid)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(
	    pwrite(fd, record, size, (off_t)uid * (off_t)sizeof *record), size);
	close(fd);
}

static off_t
size_of_file(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* ---- records ---- */

static void
what_was_noted_is_told_of_that_account_alone(void **state)
{
	char text[LASTLOGIN_TEXT] = "before";
	int fd = expect_open();

	(void)state;
	assert_false(lastlogin_tell(fd, OWNER, text));
	assert_true(lastlogin_note(fd, OWNER, "2001:db8::1", MOMENT));
	assert_int_equal(
	    size_of_file(), (OWNER + 1) * (off_t)sizeof(struct lastlog));
	assert_true(lastlogin_tell(fd, OWNER, text));
	assert_string_equal(
	    text, "Last login: Sun Sep  9 01:46:40 2001 from 2001:db8::1\n");
	strcpy(text, "before");
	assert_false(lastlogin_tell(fd, OWNER - 1, text));
	assert_false(lastlogin_tell(fd, OWNER + 1, text));
	assert_string_equal(text, "before");
	close(fd);
}

static void
it_is_as_others_read_it(void **state)
{
	struct lastlog record;
	int fd = expect_open();

	(void)state;
	memset(&record, 'x', sizeof record);
	put(&record, sizeof record, OWNER);
	assert_true(lastlogin_note(fd, OWNER, "192.0.2.1", MOMENT));
	assert_int_equal(
	    pread(fd, &record, sizeof record, OWNER * (off_t)sizeof record),
	    sizeof record);
	assert_int_equal(record.ll_time, MOMENT);
	assert_string_equal(record.ll_line, "ssh");
	assert_string_equal(record.ll_host, "192.0.2.1");
	/* Nothing of another is left behind it. */
	for (size_t i = 9; i < sizeof record.ll_host; i++)
		assert_int_equal(record.ll_host[i], 0);
	close(fd);
}

static void
who_has_the_last_number_has_a_place(void **state)
{
	char text[LASTLOGIN_TEXT];
	int fd = expect_open();

	(void)state;
	assert_false(lastlogin_tell(fd, (uid_t)-2, text));
	assert_true(lastlogin_note(fd, (uid_t)-2, "::1", MOMENT));
	assert_true(lastlogin_tell(fd, (uid_t)-2, text));
	assert_int_equal(
	    size_of_file(), 4294967295LL * (off_t)sizeof(struct lastlog));
	close(fd);
}

static void
a_time_after_2038_is_none_before_1970(void **state)
{
	char text[LASTLOGIN_TEXT];
	int fd = expect_open();

	(void)state;
	assert_true(lastlogin_note(fd, OWNER, "::1", 2147483648));
	assert_true(lastlogin_tell(fd, OWNER, text));
	assert_string_equal(
	    text, "Last login: Tue Jan 19 03:14:08 2038 from ::1\n");
	close(fd);
}

/* ---- what others wrote ---- */

static void
half_a_record_is_none(void **state)
{
	struct lastlog record = { .ll_time = MOMENT };
	char text[LASTLOGIN_TEXT];
	int fd = expect_open();

	(void)state;
	put(&record, sizeof record - 1, OWNER);
	assert_false(lastlogin_tell(fd, OWNER, text));
	assert_true(lastlogin_note(fd, OWNER, "::1", MOMENT));
	assert_true(lastlogin_tell(fd, OWNER, text));
	close(fd);
}

static void
a_login_from_nowhere_is_told_without(void **state)
{
	struct lastlog record = { .ll_time = MOMENT };
	char text[LASTLOGIN_TEXT];
	int fd = expect_open();

	(void)state;
	put(&record, sizeof record, OWNER);
	assert_true(lastlogin_tell(fd, OWNER, text));
	assert_string_equal(text, "Last login: Sun Sep  9 01:46:40 2001\n");
	close(fd);
}

static void
what_commands_a_terminal_does_not_get_there(void **state)
{
	struct lastlog record = { .ll_time = MOMENT,
		.ll_host = "a\x1b[2J\nb\x7f\x9b" };
	char text[LASTLOGIN_TEXT];
	int fd = expect_open();

	(void)state;
	put(&record, sizeof record, OWNER);
	assert_true(lastlogin_tell(fd, OWNER, text));
	assert_string_equal(
	    text, "Last login: Sun Sep  9 01:46:40 2001 from a?[2J?b??\n");
	close(fd);
}

static void
a_name_that_fills_its_place_has_an_end(void **state)
{
	struct lastlog record = { .ll_time = MOMENT };
	char text[LASTLOGIN_TEXT];
	int fd = expect_open();

	(void)state;
	memset(record.ll_line, 'l', sizeof record.ll_line);
	memset(record.ll_host, 'h', sizeof record.ll_host);
	put(&record, sizeof record, OWNER);
	put(&record, sizeof record, OWNER + 1);
	assert_true(lastlogin_tell(fd, OWNER, text));
	assert_int_equal(strlen(text),
	    strlen("Last login: Sun Sep  9 01:46:40 2001 from \n") +
		sizeof record.ll_host);
	close(fd);
}

/* ---- what is not believed ---- */

static void
where_there_is_none_nobody_makes_one(void **state)
{
	(void)state;
	unlink(path);
	expect_problem(NULL);
	assert_int_equal(access(path, F_OK), -1);
}

static void
no_link_is_followed(void **state)
{
	(void)state;
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	expect_problem(strerror(ELOOP));
	unlink(path);
	assert_int_equal(link(other, path), 0);
	expect_problem("it has other names");
}

static void
what_is_no_file_is_not_waited_for(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_problem("it is no regular file");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_problem(strerror(EISDIR));
}

static void
what_others_may_write_is_not_believed(void **state)
{
	(void)state;
	assert_int_equal(chmod(path, 0666), 0);
	expect_problem("bad ownership or modes");
	assert_int_equal(chmod(path, 0664), 0);
	close(expect_open());
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(path, 1, 0), 0);
	expect_problem("bad ownership or modes");
}

static void
what_cannot_be_written_is_an_error(void **state)
{
	const struct rlimit less = { 100, RLIM_INFINITY };
	struct rlimit before;
	bool is_noted;
	int fd = expect_open();

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	is_noted = lastlogin_note(fd, OWNER, "::1", MOMENT);
	assert_int_equal(errno, EFBIG);
	assert_false(is_noted);
	/* A part of it is none. */
	is_noted = lastlogin_note(fd, 0, "::1", MOMENT);
	assert_int_equal(errno, ENOSPC);
	assert_false(is_noted);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	close(fd);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_noted_is_told_of_that_account_alone),
		TEST(it_is_as_others_read_it),
		TEST(who_has_the_last_number_has_a_place),
		TEST(a_time_after_2038_is_none_before_1970),
		TEST(half_a_record_is_none),
		TEST(a_login_from_nowhere_is_told_without),
		TEST(what_commands_a_terminal_does_not_get_there),
		TEST(a_name_that_fills_its_place_has_an_end),
		TEST(where_there_is_none_nobody_makes_one),
		TEST(no_link_is_followed),
		TEST(what_is_no_file_is_not_waited_for),
		TEST(what_others_may_write_is_not_believed),
		TEST(what_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
