/* Accounts, their groups, and where people's uids begin. */
#include "daemon/config/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
root_is_known_with_his_group(void **state)
{
	struct rules_client client = { .user = NULL };
	struct arena arena;

	(void)state;
	arena_init(&arena);
	account_lookup(&arena, "root", &client);
	assert_true(client.has_account);
	assert_int_equal(client.uid, 0);
	assert_string_equal(client.user, "root");
	assert_string_equal(client.account, "root");
	assert_true(client.groups.count > 0);
	assert_string_equal(client.groups.items[0], "root");
	arena_clear(&arena);
}

static void
a_name_without_account_has_no_uid_and_no_groups(void **state)
{
	struct rules_client client = { .has_account = true };
	struct arena arena;

	(void)state;
	arena_init(&arena);
	account_lookup(&arena, "no such user", &client);
	assert_false(client.has_account);
	assert_true(client.uid != 0);
	assert_int_equal(client.groups.count, 0);
	arena_clear(&arena);
}

static uid_t
uid_min_of(const char *text)
{
	char path[] = "/tmp/account_test.XXXXXX";
	int fd = mkstemp(path);
	uid_t uid_min;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	uid_min = account_uid_min(path);
	unlink(path);
	return uid_min;
}

static void
uid_min_is_read_where_it_stands(void **state)
{
	(void)state;
	assert_int_equal(uid_min_of("# UID_MIN 7\nUID_MIN\t\t 500\n"), 500);
	assert_int_equal(uid_min_of("SYS_UID_MIN 100\nUID_MIN 2000"), 2000);
	assert_int_equal(uid_min_of("UID_MIN many\n"), 1000);
	assert_int_equal(uid_min_of(""), 1000);
	assert_int_equal(account_uid_min("/nonexistent"), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_is_known_with_his_group),
		cmocka_unit_test(
		    a_name_without_account_has_no_uid_and_no_groups),
		cmocka_unit_test(uid_min_is_read_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
