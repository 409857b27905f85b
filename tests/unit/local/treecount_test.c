/* What lies below a folder, in a real one. */
#include "modules/local/treecount.h"

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

static char top[64];
static int root;

static int
set_up(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/treecount_test.XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[192];

	(void)state;
	close(root);
	snprintf(
	    command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", top, top);
	return system(command);
}

static void
put(const char *path, off_t size)
{
	int fd = openat(root, path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

/* The turns that it took; -1: it failed. */
static int
count(struct quota_amount *found, const char *problem)
{
	struct treecount *t = treecount_new(root);
	enum treecount_state state = TREECOUNT_MORE;
	int turns = 0;

	assert_non_null(t);
	for (; state == TREECOUNT_MORE; turns++)
		state = treecount_go_on(t);
	*found = *treecount_found(t);
	if (state == TREECOUNT_FAILED && problem != NULL &&
	    strstr(treecount_problem(t), problem) == NULL)
		fail_msg("%s", treecount_problem(t));
	treecount_free(t);
	return state == TREECOUNT_DONE ? turns : -1;
}

static void
expect(uint64_t bytes, uint64_t names)
{
	struct quota_amount found;

	assert_true(count(&found, NULL) > 0);
	assert_int_equal(found.bytes, bytes);
	assert_int_equal(found.names, names);
}

static void
an_empty_folder_has_nothing(void **state)
{
	(void)state;
	expect(0, 0);
}

static void
sizes_and_names_of_all_kinds_are_counted(void **state)
{
	(void)state;
	put("a", 1000);
	put(".hidden", 24);
	assert_int_equal(mkdirat(root, "d", 0700), 0);
	assert_int_equal(mkdirat(root, "d/e", 0700), 0);
	put("d/e/b", 1 << 20);
	assert_int_equal(symlinkat("/usr", root, "d/out"), 0);
	assert_int_equal(symlinkat("..", root, "d/up"), 0);
	assert_int_equal(mkfifoat(root, "pipe", 0600), 0);
	expect(1024 + (1 << 20), 8);
}

static void
a_file_counts_by_each_of_its_names(void **state)
{
	(void)state;
	put("a", 500);
	assert_int_equal(linkat(root, "a", root, "b", 0), 0);
	expect(1000, 2);
}

static void
a_large_folder_takes_turns(void **state)
{
	struct quota_amount found;
	char name[16];

	(void)state;
	for (int i = 0; i < 1700; i++) {
		snprintf(name, sizeof name, "%d", i);
		put(name, 1);
	}
	assert_in_range(count(&found, NULL), 4, 10);
	assert_int_equal(found.bytes, 1700);
	assert_int_equal(found.names, 1700);
}

/* Its path has no name that a system call would take. */
static void
a_tree_that_is_too_deep_is_not_known(void **state)
{
	struct quota_amount found;
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY), next;

	(void)state;
	for (int i = 0; i < 40; i++) {
		char name[201];

		memset(name, 'd', 200);
		name[200] = '\0';
		assert_int_equal(mkdirat(fd, name, 0700), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(count(&found, "too long"), -1);
}

/* As a user: for root nothing is closed. */
static void
run_as_user(void (*test)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 &&
		    (fchownat(root, "", 12345, 12345, AT_EMPTY_PATH) != 0 ||
			setresgid(12345, 12345, 12345) != 0 ||
			setresuid(12345, 12345, 12345) != 0))
			_exit(1);
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
hide_own(void)
{
	struct quota_amount found;

	if (mkdirat(root, "own", 0700) != 0)
		_exit(2);
	put("own/large", 5000);
	if (fchmodat(root, "own", 0, 0) != 0 ||
	    count(&found, "folder /own: Permission denied") != -1)
		_exit(3);
	if (fchmodat(root, "own", 0400, 0) != 0 || count(&found, NULL) != -1)
		_exit(4);
	if (fchmodat(root, "own", 0700, 0) != 0 || count(&found, NULL) < 1 ||
	    found.bytes != 5000)
		_exit(5);
}

static void
what_he_hides_himself_is_not_left_out(void **state)
{
	(void)state;
	run_as_user(hide_own);
}

static void
pass_by(void)
{
	struct quota_amount found;

	if (count(&found, NULL) < 1 || found.names != 1)
		_exit(2);
}

static void
another_ones_closed_folder_is_passed_by(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdirat(root, "lost+found", 0700), 0);
	put("lost+found/x", 5000);
	run_as_user(pass_by);
}

static void
go_in(void)
{
	struct quota_amount found;

	if (count(&found, "Permission denied") != -1)
		_exit(2);
}

/* What he could write where he cannot look would not be counted. */
static void
where_he_can_go_and_not_look_nothing_is_known(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdirat(root, "drop", 0700), 0);
	assert_int_equal(fchmodat(root, "drop", 0733, 0), 0);
	run_as_user(go_in);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_empty_folder_has_nothing),
		TEST(sizes_and_names_of_all_kinds_are_counted),
		TEST(a_file_counts_by_each_of_its_names),
		TEST(a_large_folder_takes_turns),
		TEST(a_tree_that_is_too_deep_is_not_known),
		TEST(what_he_hides_himself_is_not_left_out),
		TEST(another_ones_closed_folder_is_passed_by),
		TEST(where_he_can_go_and_not_look_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
