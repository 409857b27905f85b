/* What a login leaves for its parent to tell. */
#include "daemon/login/progress.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_child_is_read_after_its_end(void **state)
{
	struct progress *all = progress_new();
	struct progress_place *place = progress_take(all);
	struct progress_place copy;
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(place);
	assert_false(progress_read(place, &copy));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		progress_begin(place, view_of_string("alice"));
		progress_set(place, PROGRESS_WAY + 3);
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(progress_read(place, &copy));
	assert_int_equal(copy.stage, PROGRESS_WAY + 3);
	assert_string_equal(copy.user, "alice");
	progress_set(place, PROGRESS_TALK);
	assert_false(progress_read(place, &copy));
	progress_forget(all);
}

static void
a_place_that_is_left_is_wiped_and_free_again(void **state)
{
	struct progress *all = progress_new();
	struct progress_place *places[PROGRESS_PLACES];

	(void)state;
	for (size_t i = 0; i < PROGRESS_PLACES; i++)
		assert_non_null(places[i] = progress_take(all));
	assert_null(progress_take(all));
	progress_begin(places[7], view_of_string("alice"));
	progress_leave(places[7]);
	assert_int_equal(places[7]->user[0], 0);
	assert_ptr_equal(progress_take(all), places[7]);
	progress_forget(all);
}

static void
no_name_is_too_long_and_every_one_ends(void **state)
{
	static char name[PROGRESS_USER_SIZE + 10];
	struct progress *all = progress_new();
	struct progress_place *place = progress_take(all);
	struct progress_place copy;

	(void)state;
	memset(name, 'x', sizeof name);
	progress_begin(place, view_of(name, sizeof name));
	assert_true(progress_read(place, &copy));
	assert_int_equal(strlen(copy.user), PROGRESS_USER_SIZE - 1);
	/* Whatever a login that somebody took over writes. */
	memset(place, 'y', sizeof *place);
	assert_true(progress_read(place, &copy));
	assert_int_equal(strlen(copy.user), PROGRESS_USER_SIZE - 1);
	progress_forget(all);
}

static void
without_a_place_nothing_is_told(void **state)
{
	struct progress_place copy;

	(void)state;
	assert_null(progress_take(NULL));
	progress_begin(NULL, view_of_string("alice"));
	progress_set(NULL, PROGRESS_ACCOUNT);
	progress_leave(NULL);
	assert_false(progress_read(NULL, &copy));
	progress_forget(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_read_after_its_end),
		cmocka_unit_test(a_place_that_is_left_is_wiped_and_free_again),
		cmocka_unit_test(no_name_is_too_long_and_every_one_ends),
		cmocka_unit_test(without_a_place_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
