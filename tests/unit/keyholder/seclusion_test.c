/* In a child: what is left to who has secluded itself. */
#include "daemon/keyholder/seclusion.h"

#include "daemon/confine/confine.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In a child: ends with the line where the expectation was wrong. */
#define EXPECT(condition) \
	if (!(condition)) \
	_exit(__LINE__ % 200 + 1)

static int
run(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static enum ipc_role role;

static void
talks_body(void)
{
	int pair[2];

	EXPECT(ipc_pair(pair));
	EXPECT(seclusion_enter(role) == NULL);
	EXPECT(
	    ipc_send(pair[0], IPC_RETIRE, view_of(NULL, 0), NULL, 0) == SP_OK);
	EXPECT(ipc_wait(pair[1], 0));
}

static const enum ipc_role roles[] = { IPC_ROLE_KEYHOLDER, IPC_ROLE_WORKER };

static void
who_is_secluded_still_talks(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		role = roles[i];
		assert_int_equal(run(talks_body), 0);
	}
}

static void
forks_body(void)
{
	EXPECT(seclusion_enter(role) == NULL);
	EXPECT(fork() < 0);
}

/* The list, or where there is none the limit. */
static void
who_is_secluded_starts_no_process(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int status;

		role = roles[i];
		status = run(forks_body);
		if (WIFSIGNALED(status))
			assert_int_equal(WTERMSIG(status), SIGSYS);
		else
			assert_int_equal(status, 0);
	}
}

static void
no_role_body(void)
{
	EXPECT(seclusion_enter(IPC_ROLE_LOGIN) != NULL);
	EXPECT(errno == EINVAL);
}

static void
a_role_without_a_list_is_not_secluded(void **state)
{
	(void)state;
	if (confine_missing() != NULL)
		skip();
	assert_int_equal(run(no_role_body), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_secluded_still_talks),
		cmocka_unit_test(who_is_secluded_starts_no_process),
		cmocka_unit_test(a_role_without_a_list_is_not_secluded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
