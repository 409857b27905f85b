/* The state folder: made, checked, locked, and the key in it. */
#include "daemon/supervisor/statefolder.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/statefolder_test.XXXXXX";
static char path[128], above[128], identities[160];
static char problem[1024];

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(above, sizeof above, "%s/a", top);
	snprintf(path, sizeof path, "%s/a/state", top);
	snprintf(identities, sizeof identities, "%s/identities", path);
	return 0;
}

static int
tear_down(void **state)
{
	char file[256];

	(void)state;
	snprintf(file, sizeof file, "%s/lock", path);
	unlink(file);
	snprintf(file, sizeof file, "%s/host_key_ed25519", path);
	unlink(file);
	rmdir(identities);
	rmdir(path);
	rmdir(above);
	return rmdir(top);
}

static bool
opens(struct statefolder *folder)
{
	return statefolder_open(folder, path, problem, sizeof problem);
}

static void
a_missing_folder_is_made_for_us_alone(void **state)
{
	struct statefolder folder;
	struct stat st;

	(void)state;
	assert_true(opens(&folder));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(folder.path[0], '/');
	statefolder_close(&folder);
}

static void
only_one_daemon_has_it(void **state)
{
	struct statefolder first, second;

	(void)state;
	assert_true(opens(&first));
	assert_false(opens(&second));
	assert_non_null(strstr(problem, "another sallyportd"));
	statefolder_close(&first);
	assert_true(opens(&second));
	statefolder_close(&second);
}

static void
the_folder_of_identities_is_ours_alone(void **state)
{
	struct statefolder folder;
	struct stat st;

	(void)state;
	assert_true(opens(&folder));
	assert_true(folder.identities >= 0);
	assert_int_equal(fstat(folder.identities, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0700);
	statefolder_close(&folder);
	assert_int_equal(folder.identities, -1);

	assert_int_equal(chmod(identities, 0750), 0);
	assert_false(opens(&folder));
	assert_non_null(strstr(problem, "identities: others may enter it"));
	assert_int_equal(rmdir(identities), 0);
	assert_int_equal(symlink("/tmp", identities), 0);
	assert_false(opens(&folder));
	assert_int_equal(unlink(identities), 0);
	assert_true(opens(&folder));
	statefolder_close(&folder);
}

static void
a_folder_that_others_write_to_is_refused(void **state)
{
	struct statefolder folder;

	(void)state;
	assert_int_equal(chmod(path, 0770), 0);
	assert_false(opens(&folder));
	assert_non_null(strstr(problem, "others may write"));
	assert_int_equal(chmod(path, 0700), 0);
}

static void
a_folder_of_somebody_else_is_refused(void **state)
{
	struct statefolder folder;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(path, 1234, 1234), 0);
	assert_false(opens(&folder));
	assert_non_null(strstr(problem, "somebody else"));
	assert_int_equal(chown(path, 0, 0), 0);
}

static size_t
read_key(const struct statefolder *folder, char text[4096])
{
	char file[PATH_MAX + 32];
	FILE *stream;
	size_t len;

	statefolder_key_path(folder, file, sizeof file);
	stream = fopen(file, "r");
	assert_non_null(stream);
	len = fread(text, 1, 4096, stream);
	fclose(stream);
	return len;
}

static void
a_key_is_made_once(void **state)
{
	struct sp_crypto *crypto = sp_crypto_new();
	char file[PATH_MAX + 32];
	char first[4096], second[4096];
	struct statefolder folder;
	struct sp_key *key;
	struct stat st;
	size_t len;
	bool made;

	(void)state;
	assert_true(opens(&folder));
	assert_true(
	    statefolder_make_key(&folder, &made, problem, sizeof problem));
	assert_true(made);
	statefolder_key_path(&folder, file, sizeof file);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	len = read_key(&folder, first);
	assert_int_equal(
	    sp_key_parse(
		crypto, (struct sp_view){ (uint8_t *)first, len }, NULL, &key),
	    SP_OK);
	assert_string_equal(sp_key_type(key), "ssh-ed25519");
	assert_true(
	    statefolder_make_key(&folder, &made, problem, sizeof problem));
	assert_false(made);
	assert_int_equal(read_key(&folder, second), len);
	assert_memory_equal(first, second, len);
	sp_key_free(key);
	sp_crypto_free(crypto);
	statefolder_close(&folder);
}

static void
a_key_that_cannot_be_made_is_told_of(void **state)
{
	struct statefolder folder = { .path = "/nonexistent" };
	bool made;

	(void)state;
	assert_false(
	    statefolder_make_key(&folder, &made, problem, sizeof problem));
	assert_false(made);
	assert_non_null(strstr(problem, "No such file"));
}

static void
a_path_that_is_no_folder_is_refused(void **state)
{
	struct statefolder folder;

	(void)state;
	assert_false(
	    statefolder_open(&folder, "/dev/null", problem, sizeof problem));
	assert_non_null(strstr(problem, "/dev/null"));
	assert_non_null(strstr(problem, "--state"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_folder_is_made_for_us_alone),
		cmocka_unit_test(only_one_daemon_has_it),
		cmocka_unit_test(the_folder_of_identities_is_ours_alone),
		cmocka_unit_test(a_folder_that_others_write_to_is_refused),
		cmocka_unit_test(a_folder_of_somebody_else_is_refused),
		cmocka_unit_test(a_key_is_made_once),
		cmocka_unit_test(a_key_that_cannot_be_made_is_told_of),
		cmocka_unit_test(a_path_that_is_no_folder_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
