/* Which files are opened for a user, and which are not trusted. */
#include "daemon/login/userfile.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * The home of a test's user, in a folder that is nobody else's: root makes
 * it for another account, an ordinary user for himself.
 */
static char top[64];
static char home[128];
static struct localaccount user;

static uid_t
user_id(void)
{
	return geteuid() == 0 ? 64701 : geteuid();
}

static void
give(const char *path)
{
	if (geteuid() == 0)
		assert_int_equal(lchown(path, user_id(), user_id()), 0);
}

static const char *
at(const char *name)
{
	static char path[2][PATH_MAX];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", home, name);
	return path[turn];
}

static void
write_file(const char *name, mode_t mode)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "key\n", 4), 4);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	give(at(name));
}

static void
make_folder(const char *name, mode_t mode)
{
	assert_int_equal(mkdir(at(name), 0700), 0);
	assert_int_equal(chmod(at(name), mode), 0);
	give(at(name));
}

static int
set_up(void **state)
{
	const char *parent = geteuid() == 0 ? "/run" : getenv("HOME");

	(void)state;
	snprintf(top, sizeof top, "%s/userfile-XXXXXX",
	    parent == NULL || strlen(parent) > 30 ? "." : parent);
	if (mkdtemp(top) == NULL || chmod(top, 0755) != 0)
		return -1;
	snprintf(home, sizeof home, "%s/home", top);
	user = (struct localaccount){
		.exists = true,
		.name = (char[]){ "test" },
		.home = home,
		.shell = (char[]){ "/bin/sh" },
		.uid = user_id(),
		.gid = geteuid() == 0 ? 64701 : getegid(),
	};
	if (mkdir(home, 0755) != 0)
		return -1;
	give(home);
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", top);
	return system(command);
}

static int
open_as_user(const char *name, struct userfile_problem *problem)
{
	problem->path[0] = '\0';
	errno = 0;
	return userfile_open(&user, at(name), problem);
}

static void
assert_opens(const char *name)
{
	struct userfile_problem problem;
	char text[8] = "";
	int fd = open_as_user(name, &problem);

	if (fd < 0)
		fail_msg("%s: %s %s", name, strerror(errno), problem.path);
	assert_int_equal(read(fd, text, sizeof text), 4);
	close(fd);
	assert_int_equal(geteuid() == 0 ? 0 : user_id(), geteuid());
}

static void
assert_distrusted(const char *name, const char *reason)
{
	struct userfile_problem problem;

	assert_int_equal(open_as_user(name, &problem), -1);
	assert_int_equal(errno, EPERM);
	assert_non_null(strstr(problem.reason, reason));
}

static void
assert_fails(const char *name, int error)
{
	struct userfile_problem problem;

	assert_int_equal(open_as_user(name, &problem), -1);
	assert_int_equal(errno, error);
}

static void
a_users_own_file_is_opened(void **state)
{
	(void)state;
	make_folder("ssh", 0700);
	write_file("ssh/keys", 0600);
	assert_opens("ssh/keys");
	write_file("ssh/keys", 0644);
	assert_opens("ssh/keys");
}

static void
a_file_that_others_may_write_is_not_trusted(void **state)
{
	(void)state;
	write_file("group", 0620);
	assert_distrusted("group", "file");
	write_file("world", 0602);
	assert_distrusted("world", "file");
}

static void
a_folder_that_others_may_write_is_not_trusted(void **state)
{
	(void)state;
	make_folder("open", 0777);
	make_folder("open/in", 0700);
	write_file("open/in/keys", 0600);
	assert_distrusted("open/in/keys", "directory");
	assert_int_equal(chmod(at("open"), 01777), 0);
	assert_distrusted("open/in/keys", "directory");
	assert_int_equal(chmod(at("open"), 0755), 0);
	assert_opens("open/in/keys");
}

static void
a_sticky_folder_of_roots_may_lie_on_the_way(void **state)
{
	char sticky[] = "/tmp/userfile-XXXXXX", keys[64];
	struct userfile_problem problem;
	struct stat st;
	int fd;

	(void)state;
	if (stat("/tmp", &st) != 0 || st.st_uid != 0 ||
	    (st.st_mode & S_ISVTX) == 0)
		skip();
	assert_non_null(mkdtemp(sticky));
	give(sticky);
	snprintf(keys, sizeof keys, "%s/keys", sticky);
	fd = open(keys, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	give(keys);
	fd = userfile_open(&user, keys, &problem);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(rename(keys, "/tmp/userfile-keys"), 0);
	assert_int_equal(
	    userfile_open(&user, "/tmp/userfile-keys", &problem), -1);
	assert_int_equal(errno, EPERM);
	assert_string_equal(problem.path, "/tmp");
	unlink("/tmp/userfile-keys");
	rmdir(sticky);
}

static void
a_home_that_others_may_write_is_not_trusted(void **state)
{
	(void)state;
	write_file("keys", 0600);
	assert_int_equal(chmod(home, 0775), 0);
	assert_distrusted("keys", "directory");
	assert_int_equal(chmod(home, 0755), 0);
	assert_opens("keys");
}

static void
a_folder_above_the_home_is_looked_at_as_well(void **state)
{
	(void)state;
	write_file("keys", 0600);
	assert_int_equal(chmod(top, 0775), 0);
	assert_distrusted("keys", "directory");
	assert_int_equal(chmod(top, 0757), 0);
	assert_distrusted("keys", "directory");
	assert_int_equal(chmod(top, 0755), 0);
	assert_opens("keys");
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(top, 64702, 64702), 0);
	assert_distrusted("keys", "directory");
	assert_int_equal(chown(top, 0, 0), 0);
	assert_opens("keys");
}

/* The folder of all keys stands beside the home, below the same folder. */
static void
a_file_outside_the_home_is_no_less_looked_at(void **state)
{
	(void)state;
	make_folder("../keys", 0755);
	write_file("../keys/test", 0644);
	assert_opens("../keys/test");
	assert_int_equal(chmod(top, 0775), 0);
	assert_distrusted("../keys/test", "directory");
	assert_int_equal(chmod(top, 0755), 0);
	assert_int_equal(chmod(at("../keys"), 0777), 0);
	assert_distrusted("../keys/test", "directory");
	assert_int_equal(chmod(at("../keys"), 0755), 0);
	assert_opens("../keys/test");
}

static void
a_file_of_another_user_is_not_trusted(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("foreign", 0644);
	assert_int_equal(chown(at("foreign"), 64702, 64702), 0);
	assert_distrusted("foreign", "file");
	assert_int_equal(chown(at("foreign"), 0, 0), 0);
	assert_opens("foreign");
}

static void
a_file_is_opened_with_the_users_rights_alone(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("roots", 0600);
	assert_int_equal(chown(at("roots"), 0, 0), 0);
	assert_fails("roots", EACCES);
	make_folder("rootsfolder", 0700);
	write_file("rootsfolder/keys", 0644);
	assert_int_equal(chown(at("rootsfolder"), 0, 0), 0);
	assert_fails("rootsfolder/keys", EACCES);
	assert_int_equal(geteuid(), 0);
	assert_int_equal(getegid(), 0);
}

static void
what_is_no_regular_file_is_not_opened(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	give(at("fifo"));
	assert_distrusted("fifo", "not a regular file");
	make_folder("folder", 0700);
	assert_distrusted("folder", "not a regular file");
	assert_int_equal(symlink("/dev/zero", at("device")), 0);
	assert_distrusted("device", "not a regular file");
}

static void
a_link_is_judged_by_where_it_leads(void **state)
{
	(void)state;
	write_file("target", 0600);
	assert_int_equal(symlink("target", at("link")), 0);
	assert_opens("link");
	make_folder("public", 0777);
	write_file("public/keys", 0600);
	assert_int_equal(symlink("public/keys", at("trap")), 0);
	assert_distrusted("trap", "directory");
	assert_int_equal(symlink("loop", at("loop")), 0);
	assert_fails("loop", ELOOP);
}

static void
what_is_not_there_or_not_absolute_fails(void **state)
{
	struct userfile_problem problem;

	(void)state;
	assert_fails("absent", ENOENT);
	assert_fails("absent/keys", ENOENT);
	assert_int_equal(userfile_open(&user, "keys", &problem), -1);
	assert_int_equal(errno, EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_users_own_file_is_opened),
		cmocka_unit_test(a_file_that_others_may_write_is_not_trusted),
		cmocka_unit_test(a_folder_that_others_may_write_is_not_trusted),
		cmocka_unit_test(a_sticky_folder_of_roots_may_lie_on_the_way),
		cmocka_unit_test(a_home_that_others_may_write_is_not_trusted),
		cmocka_unit_test(a_folder_above_the_home_is_looked_at_as_well),
		cmocka_unit_test(a_file_outside_the_home_is_no_less_looked_at),
		cmocka_unit_test(a_file_of_another_user_is_not_trusted),
		cmocka_unit_test(a_file_is_opened_with_the_users_rights_alone),
		cmocka_unit_test(what_is_no_regular_file_is_not_opened),
		cmocka_unit_test(a_link_is_judged_by_where_it_leads),
		cmocka_unit_test(what_is_not_there_or_not_absolute_fails),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
