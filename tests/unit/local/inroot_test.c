/* Paths below a root: by the kernel where it can, and by hand. */
#include "modules/local/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

typedef int open_function(int, const char *, int, mode_t);

static char top[] = "/tmp/inroot-XXXXXX";
static int outer = -1, root = -1;

static void
put(int folder, const char *name, const char *text)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	outer = open(top, O_PATH | O_DIRECTORY);
	if (mkdirat(outer, "root", 0700) != 0 ||
	    mkdirat(outer, "root/a", 0700) != 0)
		return -1;
	root = openat(outer, "root", O_PATH | O_DIRECTORY);
	put(outer, "secret", "outside");
	put(root, "secret", "inside");
	put(root, "a/f", "f");
	return symlinkat("..", root, "up") == 0 &&
		symlinkat("/", root, "top") == 0 &&
		symlinkat("/secret", root, "a/s") == 0 &&
		symlinkat("../secret", root, "s") == 0
	    ? 0
	    : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "root/up", "root/top", "root/a/s",
		"root/s", "root/a/f", "root/secret", "root/new", "secret" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlinkat(outer, names[i], 0);
	unlinkat(outer, "root/a", AT_REMOVEDIR);
	unlinkat(outer, "root", AT_REMOVEDIR);
	close(root);
	close(outer);
	return rmdir(top);
}

/* "" when it cannot be opened. */
static void
check(open_function *open_it, const char *path, const char *wanted)
{
	char text[16] = "";
	int fd = open_it(root, path, O_RDONLY, 0);

	if (fd >= 0) {
		ssize_t len = read(fd, text, sizeof text - 1);

		text[len > 0 ? len : 0] = '\0';
		close(fd);
	}
	if (strcmp(text, wanted) != 0)
		print_error("%s\n", path);
	assert_string_equal(text, wanted);
}

/* Both ways agree on what has no link in it. */
static void
nothing_above_the_root_is_found(void **state)
{
	static const char *const inside[] = { "secret", "/secret", "//secret",
		"../secret", "/../secret", "/../../../secret", "a/../secret",
		"/a/../../secret", "./secret", "a/./.././/secret" };

	(void)state;
	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
		check(inroot_open, inside[i], "inside");
		check(inroot_walk, inside[i], "inside");
	}
	check(inroot_open, "/a/f", "f");
	check(inroot_walk, "/a/f", "f");
	check(inroot_walk, "a/g", "");
	check(inroot_walk, "b/f", "");
}

static void
by_hand_no_link_is_followed(void **state)
{
	static const char *const links[] = { "up/secret", "top/secret", "a/s",
		"s", "top/../secret2" };

	(void)state;
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		check(inroot_walk, links[i], "");
	assert_int_equal(inroot_walk(root, "s", O_RDONLY, 0), -1);
	assert_int_equal(errno, ELOOP);
}

static void
the_kernel_follows_links_below_the_root(void **state)
{
	int fd = inroot_resolve(root, "/", O_PATH | O_DIRECTORY, 0);

	(void)state;
	if (fd < 0)
		skip();
	close(fd);
	check(inroot_open, "up/secret", "inside");
	check(inroot_open, "top/secret", "inside");
	check(inroot_open, "a/s", "inside");
	check(inroot_open, "s", "inside");
	check(inroot_open, "/proc/self/root/etc/passwd", "");
}

static void
files_are_made_below_the_root(void **state)
{
	static open_function *const ways[] = { inroot_open, inroot_walk };
	struct stat st;

	(void)state;
	umask(0);
	for (size_t i = 0; i < 2; i++) {
		int fd =
		    ways[i](root, "/../new", O_WRONLY | O_CREAT | O_EXCL, 0640);

		assert_true(fd >= 0);
		close(fd);
		assert_int_equal(fstatat(root, "new", &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_int_equal(unlinkat(root, "new", 0), 0);
	}
}

static void
a_path_that_is_too_long_is_refused(void **state)
{
	static char path[9000];

	(void)state;
	for (size_t i = 0; i < sizeof path - 1; i++)
		path[i] = i % 2 == 0 ? 'a' : '/';
	assert_int_equal(inroot_walk(root, path, O_RDONLY, 0), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	memset(path, 'a', 256);
	path[256] = '\0';
	assert_int_equal(inroot_walk(root, path, O_RDONLY, 0), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_above_the_root_is_found),
		cmocka_unit_test(by_hand_no_link_is_followed),
		cmocka_unit_test(the_kernel_follows_links_below_the_root),
		cmocka_unit_test(files_are_made_below_the_root),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
