/* What init makes, and what it leaves alone. */
#include "daemon/supervisor/foundation.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/foundation_test.XXXXXX";
static char folder[64], state_folder[64], config[96];

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(folder, sizeof folder, "%s/etc/own", top);
	snprintf(state_folder, sizeof state_folder, "%s/state", top);
	snprintf(config, sizeof config, "%s/sallyportd.conf", folder);
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int
tear_down(void **state)
{
	(void)state;
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int
lay(const char *where)
{
	const struct options options = {
		.command = OPTIONS_INIT,
		.example = OPTIONS_EXAMPLE_SERVICE,
		.file = where,
		.state = state_folder,
	};

	return foundation_lay(&options);
}

static char *
read_file(const char *path)
{
	static char text[16384];
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, text, sizeof text - 1);

	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	return text;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void
only_root_makes_what_serves_all(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	assert_int_equal(lay(folder), EXIT_FAILURE);
	assert_int_equal(access(folder, F_OK), -1);
}

static void
it_makes_the_configuration_and_a_host_key(void **state)
{
	char key[128], authority[128];
	const char *text;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(lay(folder), EXIT_SUCCESS);
	assert_int_equal(mode_of(folder), 0755);
	assert_int_equal(mode_of(config), 0644);
	text = read_file(config);
	snprintf(
	    authority, sizeof authority, "trust = \"%s/user_ca.pub\"", folder);
	assert_non_null(strstr(text, authority));
	assert_null(strstr(text, "/etc/sallyport"));
	assert_non_null(strstr(text, "accept = [ \"ca\", \"keys"));
	assert_int_equal(mode_of(state_folder), 0700);
	snprintf(key, sizeof key, "%s/host_key_ed25519", state_folder);
	assert_int_equal(mode_of(key), 0600);
}

static void
it_never_writes_over_anything(void **state)
{
	FILE *file;

	(void)state;
	if (geteuid() != 0)
		skip();
	file = fopen(config, "w");
	assert_non_null(file);
	fputs("mine\n", file);
	fclose(file);
	assert_int_equal(lay(folder), EXIT_FAILURE);
	assert_string_equal(read_file(config), "mine\n");
	/* A link that leads nowhere is there too. */
	unlink(config);
	assert_int_equal(symlink("/nonexistent/file", config), 0);
	assert_int_equal(lay(folder), EXIT_FAILURE);
	unlink(config);
}

static void
it_writes_into_no_folder_of_others(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(lay(folder), EXIT_FAILURE);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(lay("relative"), EXIT_FAILURE);
	assert_int_equal(lay("/tmp/with\"quote"), EXIT_FAILURE);
	assert_int_equal(access(config, F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_root_makes_what_serves_all),
		cmocka_unit_test(it_makes_the_configuration_and_a_host_key),
		cmocka_unit_test(it_never_writes_over_anything),
		cmocka_unit_test(it_writes_into_no_folder_of_others),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
