/* Codes that were used: one step lets in once, whoever asks. */
#include "modules/totp/usedcodes.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { RIVALS = 8 };

static char folder[] = "/tmp/usedcodes-XXXXXX";
static char path[64];
static char problem[USEDCODES_PROBLEM_SIZE];

static int
begin(void **state)
{
	(void)state;
	unlink(path);
	problem[0] = '\0';
	return 0;
}

static int
begin_all(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/alice", folder);
	return 0;
}

static int
end_all(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int
trust(const char *name, char *err, size_t err_size)
{
	(void)err;
	(void)err_size;
	return open(name, O_RDONLY | O_CLOEXEC);
}

static int
distrust(const char *name, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s: no", name);
	return -1;
}

static enum usedcodes_answer
take(uint64_t step)
{
	return usedcodes_take(path, step, trust, problem);
}

static void
write_file(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
a_step_is_fresh_once(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(take(0), USEDCODES_FRESH);
	assert_int_equal(take(0), USEDCODES_USED);
	assert_int_equal(take(57), USEDCODES_FRESH);
	assert_int_equal(take(57), USEDCODES_USED);
	assert_int_equal(take(58), USEDCODES_FRESH);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 21);
}

static void
an_earlier_step_is_used_as_well(void **state)
{
	(void)state;
	assert_int_equal(take(58), USEDCODES_FRESH);
	assert_int_equal(take(57), USEDCODES_USED);
	assert_int_equal(take(58), USEDCODES_USED);
}

static void
what_was_not_written_here_is_refused(void **state)
{
	static const char *const wrong[] = { "1", "00000000000000000001",
		"0000000000000000000a\n", "00000000000000000001\n\n",
		"99999999999999999999\n", "00000000000000000001 " };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		write_file(wrong[i]);
		assert_int_equal(take(UINT64_C(1) << 62), USEDCODES_BROKEN);
		assert_non_null(strstr(problem, "alice: it holds no number"));
	}
	write_file("00000000000000000007\n");
	assert_int_equal(take(6), USEDCODES_USED);
	assert_int_equal(take(7), USEDCODES_FRESH);
}

static void
a_file_that_is_not_trusted_is_not_written(void **state)
{
	(void)state;
	assert_int_equal(take(1), USEDCODES_FRESH);
	assert_int_equal(
	    usedcodes_take(path, 2, distrust, problem), USEDCODES_BROKEN);
	assert_non_null(strstr(problem, ": no"));
	assert_int_equal(take(2), USEDCODES_FRESH);
}

static void
no_link_is_followed(void **state)
{
	char target[80];

	(void)state;
	snprintf(target, sizeof target, "%s-target", path);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(take(1), USEDCODES_BROKEN);
	assert_int_equal(access(target, F_OK), -1);
	unlink(path);
	assert_int_equal(take(1), USEDCODES_FRESH);
	assert_int_equal(link(path, target), 0);
	assert_int_equal(take(2), USEDCODES_BROKEN);
	unlink(target);
}

static void
a_folder_that_is_not_there_is_told(void **state)
{
	(void)state;
	assert_int_equal(
	    usedcodes_take("/nowhere/x", 1, trust, problem), USEDCODES_BROKEN);
	assert_non_null(strstr(problem, "/nowhere/x: "));
}

/* Each in a process of its own, as logins are. */
static void
of_many_at_once_one_gets_the_step(void **state)
{
	pid_t rivals[RIVALS];
	int status, fresh = 0;

	(void)state;
	for (int i = 0; i < RIVALS; i++) {
		rivals[i] = fork();
		assert_true(rivals[i] >= 0);
		if (rivals[i] == 0)
			_exit((int)take(7));
	}
	for (int i = 0; i < RIVALS; i++) {
		assert_int_equal(waitpid(rivals[i], &status, 0), rivals[i]);
		assert_true(WIFEXITED(status));
		assert_int_not_equal(WEXITSTATUS(status), USEDCODES_BROKEN);
		fresh += WEXITSTATUS(status) == USEDCODES_FRESH;
	}
	assert_int_equal(fresh, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_step_is_fresh_once, begin),
		cmocka_unit_test_setup(an_earlier_step_is_used_as_well, begin),
		cmocka_unit_test_setup(
		    what_was_not_written_here_is_refused, begin),
		cmocka_unit_test_setup(
		    a_file_that_is_not_trusted_is_not_written, begin),
		cmocka_unit_test_setup(no_link_is_followed, begin),
		cmocka_unit_test_setup(
		    a_folder_that_is_not_there_is_told, begin),
		cmocka_unit_test_setup(
		    of_many_at_once_one_gets_the_step, begin),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
