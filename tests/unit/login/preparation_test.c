/* What is ready before the first fork, and what may not be. */
#include "daemon/login/preparation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char place[64];
static struct arena arena;
static struct profile_settings profile = {
	.name = "staff",
	.session = SETTINGS_NONE,
};

static int
set_up(void **state)
{
	char command[2048];

	(void)state;
	arena_init(&arena);
	snprintf(place, sizeof place, "/tmp/preparation-test-XXXXXX");
	if (mkdtemp(place) == NULL)
		return -1;
	snprintf(command, sizeof command,
	    "cp '%s' %s/threaded.so && chmod 644 %s/threaded.so", THREADED,
	    place, place);
	return system(command);
}

static int
tear_down(void **state)
{
	char command[80];

	(void)state;
	arena_clear(&arena);
	snprintf(command, sizeof command, "rm -r %s", place);
	return system(command);
}

/* With the module once, and its option as it is given. */
static bool
prepares(bool thread, char problem[MODLOAD_PROBLEM_SIZE])
{
	const struct modload_folder folder = { .path = place,
		.owner = geteuid() };
	struct tree_node *group = tree_add(&arena, NULL, TREE_GROUP, "keys");
	struct tree_node *option = tree_add(&arena, group, TREE_BOOL, "thread");
	struct module_settings auth = {
		.name = "keys", .type = "threaded", .options = group
	};
	const struct login_settings settings = {
		.access = { .auths = &auth,
		    .auth_count = 1,
		    .profiles = &profile,
		    .profile_count = 1 },
	};
	struct zygote_given given;
	bool is_ready;

	option->number = thread;
	group->file = option->file = "a file";
	is_ready =
	    preparation_make(&given, &settings, &folder, &arena, problem);
	sp_crypto_free((struct sp_crypto *)(uintptr_t)given.crypto);
	return is_ready;
}

/* In this order: a thread stays. */
static void
a_module_that_starts_no_thread_is_taken(void **state)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";

	(void)state;
	assert_true(prepares(false, problem));
	assert_string_equal(problem, "");
}

static void
a_module_that_opens_no_sessions_is_not_to_open_any(void **state)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";

	(void)state;
	profile.session = 0;
	assert_false(prepares(false, problem));
	profile.session = SETTINGS_NONE;
	assert_string_equal(problem,
	    "the module of auth.keys opens no sessions, and profile \"staff\" "
	    "wants them");
}

static void
a_module_that_starts_a_thread_keeps_the_program_from_serving(void **state)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";

	(void)state;
	assert_false(prepares(true, problem));
	assert_non_null(strstr(problem, "a thread"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_module_that_starts_no_thread_is_taken),
		cmocka_unit_test(
		    a_module_that_opens_no_sessions_is_not_to_open_any),
		cmocka_unit_test(
		    a_module_that_starts_a_thread_keeps_the_program_from_serving),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
