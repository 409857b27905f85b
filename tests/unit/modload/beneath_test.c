/* What is opened lies below the folder, by openat2() and without it. */
#include "daemon/modload/beneath.h"

#include <sallyport/module.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64];
static int folder;

/* top/in has what may be opened, top/out what may not. */
static int
set_up(void **state)
{
	char command[512];

	(void)state;
	snprintf(top, sizeof top, "/tmp/beneath-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(command, sizeof command,
	    "cd %s && mkdir -p in/a/b out/c && ln -s b in/a/near && "
	    "ln -s ../../out in/a/far && ln -s %s/out in/away && "
	    "ln -s /proc/self/fd/0 in/magic && ln -s .. in/up && "
	    "echo x >in/a/file && ln -s loop in/loop",
	    top, top);
	if (system(command) != 0)
		return -1;
	snprintf(command, sizeof command, "%s/in", top);
	folder = open(command, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[80];

	(void)state;
	close(folder);
	snprintf(command, sizeof command, "rm -r %s", top);
	return system(command);
}

typedef int opener(int, const char *, int);

static bool
opens(opener *open_it, const char *path, int flags)
{
	int fd = open_it(folder, path, flags);

	if (fd < 0)
		return false;
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(fd);
	return true;
}

static void
what_lies_below_is_opened(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		opener *open_it = i == 0 ? sp_open_beneath : beneath_walk;

		assert_true(opens(open_it, "a", O_PATH | O_DIRECTORY));
		assert_true(opens(open_it, "a/b", O_RDONLY | O_DIRECTORY));
		assert_true(opens(open_it, "a/b/", O_RDONLY | O_DIRECTORY));
		assert_true(opens(open_it, "a/file", O_RDONLY));
		assert_true(opens(open_it, ".", O_RDONLY | O_DIRECTORY));
		assert_false(opens(open_it, "a/none", O_RDONLY));
		assert_int_equal(errno, ENOENT);
		assert_false(opens(open_it, "a/file/x", O_RDONLY));
		assert_false(opens(open_it, "", O_RDONLY));
	}
}

static void
nothing_else_is_opened(void **state)
{
	static const char *const paths[] = { "..", "../out", "a/../../out",
		"a/b/../..", "a/..", "a/far", "a/far/c", "away", "away/c",
		"magic", "up", "up/out", "loop", "/", "/etc", "//etc" };
	const int flags[] = { O_RDONLY, O_RDONLY | O_DIRECTORY,
		O_PATH | O_DIRECTORY };

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		for (size_t j = 0; j < 3; j++) {
			if (opens(sp_open_beneath, paths[i], flags[j]) ||
			    opens(beneath_walk, paths[i], flags[j]))
				fail_msg("%s", paths[i]);
		}
	}
}

static void
a_link_inside_is_followed_where_the_kernel_can_tell(void **state)
{
	(void)state;
	assert_false(opens(beneath_walk, "a/near", O_RDONLY | O_DIRECTORY));
	if (beneath_resolve(folder, "none", O_RDONLY) < 0 && errno == ENOSYS)
		skip();
	assert_true(opens(sp_open_beneath, "a/near", O_RDONLY | O_DIRECTORY));
}

static void
no_file_is_made_and_no_link_itself_opened(void **state)
{
	(void)state;
	assert_false(opens(sp_open_beneath, "new", O_RDWR | O_CREAT));
	assert_int_equal(errno, EINVAL);
	assert_false(opens(sp_open_beneath, "a", O_PATH));
	assert_int_equal(errno, EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_below_is_opened),
		cmocka_unit_test(nothing_else_is_opened),
		cmocka_unit_test(
		    a_link_inside_is_followed_where_the_kernel_can_tell),
		cmocka_unit_test(no_file_is_made_and_no_link_itself_opened),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
