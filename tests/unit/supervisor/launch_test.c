/* A program is started from its open file, with what it is to have. */
#include "daemon/supervisor/launch.h"

#include "daemon/ipc/kinship.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
write_program(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
}

static void
copy_program(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof command, "cp -L %s %s.new && mv %s.new %s",
	    from, to, to, to);
	assert_int_equal(system(command), 0);
}

/* Its exit status, started from what was opened. */
static int
run(int program, const char *first, const char *second)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct launch_spec spec = {
		.role = IPC_ROLE_GATE,
		.arguments = { first, second },
		.kit = { .program = program, .projection = null },
		.control = null,
		.log = null,
	};
	pid_t pid = launch_start(&spec);
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	close(null);
	return WEXITSTATUS(status);
}

static void
a_file_that_was_replaced_is_still_the_one_that_was_opened(void **state)
{
	char folder[] = "/tmp/launch_test.XXXXXX";
	char path[64];
	int program;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/program", folder);
	copy_program("/bin/true", path);
	program = open(path, O_PATH | O_CLOEXEC);
	assert_int_equal(run(program, NULL, NULL), 0);
	copy_program("/bin/false", path);
	assert_int_equal(run(program, NULL, NULL), 0);
	unlink(path);
	assert_int_equal(run(program, NULL, NULL), 0);
	close(program);
	assert_int_equal(rmdir(folder), 0);
}

static void
it_finds_its_descriptors_its_version_and_no_others(void **state)
{
	char command[512];
	int shell = open("/bin/sh", O_PATH | O_CLOEXEC);

	(void)state;
	snprintf(command, sizeof command,
	    "test \"$%s\" = %s && test -e /proc/self/fd/5 &&"
	    " ! test -e /proc/$$/fd/6 && test -z \"$HOME\"",
	    KINSHIP_VARIABLE, kinship_version);
	setenv("HOME", "/nowhere", 1);
	assert_int_equal(run(shell, "-c", command), 0);
	close(shell);
}

static void
a_script_is_found_by_its_name(void **state)
{
	char path[512];
	char problem[512];
	struct launch_programs programs;

	(void)state;
	snprintf(path, sizeof path, "%s/sallyport-gate", getenv("LAUNCH_DIR"));
	write_program(path, "#!/bin/sh\nexit 42\n");
	assert_true(launch_find(IPC_ROLE_GATE, problem, sizeof problem));
	assert_string_equal(launch_path(IPC_ROLE_GATE), path);
	programs.files[0] = open(path, O_PATH | O_CLOEXEC);
	assert_int_equal(run(programs.files[0], NULL, NULL), 42);
	close(programs.files[0]);
	/* The other two are not there. */
	assert_false(launch_open(&programs, problem, sizeof problem));
	assert_non_null(strstr(problem, "install all of Sallyport"));
	assert_int_equal(launch_program(&programs, IPC_ROLE_GATE), -1);
}

/* Programs are looked for beside ours: it runs itself from a folder. */
static int
run_elsewhere(void)
{
	char folder[] = "/tmp/launch_test.XXXXXX";
	char command[1024];
	int status;

	if (mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	snprintf(command, sizeof command,
	    "cp /proc/%ld/exe %s/launch_test && LAUNCH_DIR=%s %s/launch_test; "
	    "status=$?; rm -r %s; exit $status",
	    (long)getpid(), folder, folder, folder, folder);

	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_file_that_was_replaced_is_still_the_one_that_was_opened),
		cmocka_unit_test(
		    it_finds_its_descriptors_its_version_and_no_others),
		cmocka_unit_test(a_script_is_found_by_its_name),
	};

	alarm(60);
	if (getenv("LAUNCH_DIR") == NULL)
		return run_elsewhere();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
