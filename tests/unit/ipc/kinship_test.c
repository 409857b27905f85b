/* A program that another version started ends at once. */
#include "daemon/ipc/kinship.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WENT_ON = 3, HAS_NO_NAME };

static int
ends_with(const char *version)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		char name[16] = "";

		unsetenv(KINSHIP_VARIABLE);
		if (version != NULL)
			setenv(KINSHIP_VARIABLE, version, 1);
		kinship_require("sallyport-test");
		prctl(PR_GET_NAME, name, 0, 0, 0);
		_exit(strcmp(name, "sallyport-test") == 0 ? WENT_ON
							  : HAS_NO_NAME);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
one_of_our_version_goes_on_under_its_name(void **state)
{
	(void)state;
	assert_int_equal(ends_with(kinship_version), WENT_ON);
}

static void
one_of_any_other_ends(void **state)
{
	(void)state;
	assert_int_equal(ends_with("0.0.0"), KINSHIP_EXIT_STATUS);
	assert_int_equal(ends_with(""), KINSHIP_EXIT_STATUS);
	assert_int_equal(ends_with(NULL), KINSHIP_EXIT_STATUS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_our_version_goes_on_under_its_name),
		cmocka_unit_test(one_of_any_other_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
