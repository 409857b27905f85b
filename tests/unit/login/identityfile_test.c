/* Files of identities: their names, guards and removal, in a real folder. */
#include "daemon/login/identityfile.h"

#include "lib/wire/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sallyport/key.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/identityfile_test.XXXXXX";
static int folder = -1;
static char problem[IDENTITYFILE_PROBLEM];
/* A name as hashes are. */
static const char name[] = "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef";

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	folder = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlinkat(folder, name, 0);
	close(folder);
	return rmdir(top);
}

static uint64_t
in_ms(uint64_t ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 +
	    ms;
}

static int
open_file(uint64_t ms)
{
	return identityfile_open(folder, name, in_ms(ms), problem);
}

static bool
is_there(void)
{
	return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
sweep(void)
{
	struct identityfile_sweep s = { NULL };

	identityfile_sweep(&s, folder);
	identityfile_sweep(&s, folder);
	identityfile_sweep_end(&s);
}

static bool
set_lock(int file, short type, off_t from)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = from,
		.l_len = 1,
	};

	return fcntl(file, F_OFD_SETLK, &lock) == 0;
}

/* ---- tests ---- */

static void
a_name_is_a_hash_that_tells_identities_apart(void **state)
{
	struct sp_crypto *crypto = sp_crypto_new();
	char a[IDENTITYFILE_NAME], b[IDENTITYFILE_NAME], c[IDENTITYFILE_NAME];

	(void)state;
	assert_non_null(crypto);
	assert_true(identityfile_name(crypto, "../../etc/passwd", a));
	assert_true(identityfile_name(crypto, "alice", b));
	assert_true(identityfile_name(crypto, "alice", c));
	assert_int_equal(strspn(a, "0123456789abcdef"), 64);
	assert_int_equal(strlen(a), 64);
	assert_string_equal(b, c);
	assert_string_not_equal(a, b);
	sp_crypto_free(crypto);
}

static void
one_at_a_time_has_the_guard(void **state)
{
	int first = open_file(0);
	uint64_t begun = in_ms(0);
	int second;

	(void)state;
	assert_true(first >= 0);
	assert_int_equal(open_file(60), -1);
	assert_true(in_ms(0) >= begun + 60);
	assert_true(in_ms(0) < begun + 5000);
	assert_non_null(strstr(problem, "keeps it locked"));
	assert_true(identityfile_unguard(first));
	second = open_file(0);
	assert_true(second >= 0);
	close(first);
	close(second);
}

static void
a_file_is_made_for_its_owner_alone(void **state)
{
	const mode_t old = umask(0);
	struct stat st;
	int file = open_file(0);

	(void)state;
	umask(old);
	assert_true(file >= 0);
	assert_int_equal(fstat(file, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_true((fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
	close(file);
}

static void
what_nobody_holds_is_removed(void **state)
{
	int file = open_file(0), reader;

	(void)state;
	/* Its guard is held. */
	sweep();
	assert_true(is_there());
	reader = identityfile_open_to_read(folder, name, file);
	assert_true(reader >= 0);
	assert_true(set_lock(reader, F_RDLCK, IDENTITYFILE_SEATS + 70000));
	close(file);
	sweep();
	assert_true(is_there());
	close(reader);
	sweep();
	assert_false(is_there());
}

static void
what_else_is_in_the_folder_stays(void **state)
{
	int other = openat(folder, "README", O_CREAT | O_RDWR, 0600);

	(void)state;
	assert_true(other >= 0);
	assert_int_equal(mkdirat(folder, name, 0700), 0);
	sweep();
	assert_true(is_there());
	assert_int_equal(unlinkat(folder, name, AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("README", folder, name), 0);
	sweep();
	assert_true(is_there());
	assert_int_equal(unlinkat(folder, name, 0), 0);
	assert_int_equal(unlinkat(folder, "README", 0), 0);
	close(other);
}

/* What is opened before it is removed is not what others will find. */
static void
who_comes_to_the_guard_of_a_removed_file_begins_anew(void **state)
{
	int early = openat(folder, name, O_CREAT | O_RDWR, 0600);
	struct stat old, now;
	int file;

	(void)state;
	assert_int_equal(unlinkat(folder, name, 0), 0);
	file = open_file(0);
	assert_true(file >= 0);
	assert_int_equal(fstat(early, &old), 0);
	assert_int_equal(fstat(file, &now), 0);
	assert_true(old.st_ino != now.st_ino);
	assert_int_equal(identityfile_open_to_read(folder, name, early), -1);
	assert_int_equal(errno, ESTALE);
	close(early);
	close(file);
}

static void
expect_refusal(const char *text)
{
	assert_int_equal(open_file(0), -1);
	if (strstr(problem, text) == NULL)
		fail_msg("%s", problem);
}

static void
what_root_did_not_make_is_refused(void **state)
{
	(void)state;
	unlinkat(folder, name, 0);
	assert_int_equal(symlinkat("elsewhere", folder, name), 0);
	expect_refusal(strerror(ELOOP));
	assert_int_equal(faccessat(folder, "elsewhere", F_OK, 0), -1);
	assert_int_equal(unlinkat(folder, name, 0), 0);

	assert_int_equal(mkdirat(folder, name, 0700), 0);
	expect_refusal(strerror(EISDIR));
	assert_int_equal(unlinkat(folder, name, AT_REMOVEDIR), 0);

	assert_int_equal(mkfifoat(folder, name, 0600), 0);
	expect_refusal("no file");
	assert_int_equal(unlinkat(folder, name, 0), 0);

	close(openat(folder, name, O_CREAT | O_RDWR, 0600));
	assert_int_equal(fchmodat(folder, name, 0640, 0), 0);
	expect_refusal("others may open it");
	assert_int_equal(fchmodat(folder, name, 0600, 0), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchownat(folder, name, 12345, 0, 0), 0);
		expect_refusal("somebody else");
	}
	assert_int_equal(unlinkat(folder, name, 0), 0);
}

static void
a_sweep_looks_at_a_few_and_comes_to_all(void **state)
{
	struct identityfile_sweep s = { NULL };
	char others[40][IDENTITYFILE_NAME];
	int left = 40, before;

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(others[i], sizeof others[i], "%s", name);
		snprintf(others[i], 9, "%08d", i);
		others[i][8] = '0';
		close(openat(folder, others[i], O_CREAT | O_RDWR, 0600));
	}
	for (int round = 0; round < 30 && left > 0; round++) {
		before = left;
		left = 0;
		identityfile_sweep(&s, folder);
		for (int i = 0; i < 40; i++)
			left += faccessat(folder, others[i], F_OK, 0) == 0;
		assert_true(before - left <= 4);
	}
	assert_int_equal(left, 0);
	identityfile_sweep_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_a_hash_that_tells_identities_apart),
		cmocka_unit_test(one_at_a_time_has_the_guard),
		cmocka_unit_test(a_file_is_made_for_its_owner_alone),
		cmocka_unit_test(what_nobody_holds_is_removed),
		cmocka_unit_test(what_else_is_in_the_folder_stays),
		cmocka_unit_test(
		    who_comes_to_the_guard_of_a_removed_file_begins_anew),
		cmocka_unit_test(what_root_did_not_make_is_refused),
		cmocka_unit_test(a_sweep_looks_at_a_few_and_comes_to_all),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
