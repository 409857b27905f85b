/* Lines about files, handles, and statuses. */
#include "modules/local/filestatus.h"
#include "modules/sftp/handletable.h"
#include "modules/sftp/longname.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
a_line_is_as_of_ls(void **state)
{
	static const struct {
		uint32_t mode;
		uint32_t mtime;
		const char *line;
	} rows[] = {
		{ 0100644, 1000000,
		    "-rw-r--r--    2 root     root     5000000000 "
		    "Jan 12 13:46 " },
		{ 040755, 0,
		    "drwxr-xr-x    2 root     root     5000000000 "
		    "Jan  1 00:00 " },
		{ 0120777, 2000000000,
		    "lrwxrwxrwx    2 root     root     5000000000 "
		    "May 18  2033 " },
		{ 0104711, 0,
		    "-rws--x--x    2 root     root     5000000000 "
		    "Jan  1 00:00 " },
		{ 0107000, 0,
		    "---S--S--T    2 root     root     5000000000 "
		    "Jan  1 00:00 " },
		{ 010600, 0,
		    "prw-------    2 root     root     5000000000 "
		    "Jan  1 00:00 " },
	};
	struct longname_ids ids = { 0 };

	(void)state;
	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct sp_file_attr attr = {
			.mode = rows[i].mode,
			.mtime = rows[i].mtime,
			.size = UINT64_C(5000000000),
			.links = 2,
		};
		char line[LONGNAME_SIZE];

		assert_int_equal(longname_write(&ids, &attr, 2000000, line),
		    strlen(rows[i].line));
		assert_string_equal(line, rows[i].line);
	}
}

static void
an_id_without_a_name_is_a_number(void **state)
{
	const struct sp_file_attr attr = { .uid = 4000000001,
		.gid = 4000000002 };
	struct longname_ids ids = { 0 };
	char line[LONGNAME_SIZE];

	(void)state;
	longname_write(&ids, &attr, 0, line);
	assert_non_null(strstr(line, " 4000000001 4000000002 "));
	assert_string_equal(longname_user(&ids, 0), "root");
	/* In the same place, one after the other. */
	assert_string_equal(longname_user(&ids, 4000000064), "");
	assert_string_equal(longname_user(&ids, 0), "root");
	assert_string_equal(longname_group(&ids, 0), "root");
}

static void
a_handle_that_was_closed_is_nobodys(void **state)
{
	struct sp_file *file = (struct sp_file *)(void *)state;
	uint8_t one[HANDLETABLE_HANDLE], two[HANDLETABLE_HANDLE];
	const struct sp_view first = { one, sizeof one };
	struct handletable table;

	handletable_init(&table, 1);
	assert_true(handletable_add(&table, file, 3, false, one));
	assert_true(handletable_is_full(&table));
	assert_false(handletable_add(&table, file, 3, false, two));
	assert_null(handletable_find(&table, first, true));
	assert_int_equal(handletable_find(&table, first, false)->flags, 3);
	handletable_remove(&table, handletable_find(&table, first, false));
	assert_null(handletable_find(&table, first, false));
	assert_true(handletable_add(&table, file, 0, true, two));
	assert_null(handletable_find(&table, first, true));
	assert_non_null(handletable_find(
	    &table, (struct sp_view){ two, sizeof two }, true));
	for (size_t len = 0; len < sizeof two; len++)
		assert_null(handletable_find(
		    &table, (struct sp_view){ two, len }, true));
	handletable_clear(&table);
}

static void
each_error_has_the_status_that_openssh_gives(void **state)
{
	static const struct {
		int error;
		uint32_t status;
	} rows[] = {
		{ 0, SP_FILE_OK },
		{ ENOENT, SP_FILE_NOT_FOUND },
		{ ELOOP, SP_FILE_NOT_FOUND },
		{ EACCES, SP_FILE_DENIED },
		{ EPERM, SP_FILE_DENIED },
		{ EINVAL, SP_FILE_BAD_MESSAGE },
		{ ENAMETOOLONG, SP_FILE_BAD_MESSAGE },
		{ ENOSYS, SP_FILE_UNSUPPORTED },
		{ ENOSPC, SP_FILE_FAILED },
		{ EEXIST, SP_FILE_FAILED },
		{ 12345, SP_FILE_FAILED },
	};
	struct sp_reply reply = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(filestatus_of(rows[i].error), rows[i].status);
	errno = ENOSPC;
	assert_int_equal(filestatus_end(&reply, true), SP_FILE_OK);
	assert_null(reply.reason);
	assert_int_equal(filestatus_end(&reply, false), SP_FILE_FAILED);
	assert_string_equal(reply.reason, strerror(ENOSPC));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_as_of_ls),
		cmocka_unit_test(an_id_without_a_name_is_a_number),
		cmocka_unit_test(a_handle_that_was_closed_is_nobodys),
		cmocka_unit_test(each_error_has_the_status_that_openssh_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
