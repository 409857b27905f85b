/* The commands: what they print, and their exit statuses. */
#include "daemon/config/config.h"
#include "tests/unit/config/configuration.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard output and error of a command, as one text. */
struct capture {
	FILE *file;
	int saved_out;
	int saved_err;
	char text[8192];
};

static void
begin(struct capture *capture)
{
	fflush(stdout);
	capture->file = tmpfile();
	assert_non_null(capture->file);
	capture->saved_out = dup(1);
	capture->saved_err = dup(2);
	assert_true(capture->saved_out >= 0 && capture->saved_err >= 0);
	assert_int_equal(dup2(fileno(capture->file), 1), 1);
	assert_int_equal(dup2(fileno(capture->file), 2), 2);
}

static void
end(struct capture *capture)
{
	size_t len;

	fflush(stdout);
	fflush(stderr);
	dup2(capture->saved_out, 1);
	dup2(capture->saved_err, 2);
	close(capture->saved_out);
	close(capture->saved_err);
	rewind(capture->file);
	len = fread(capture->text, 1, sizeof capture->text - 1, capture->file);
	capture->text[len] = '\0';
	fclose(capture->file);
}

static void
check_is_silent_about_a_good_file_and_tells_all_of_a_bad_one(void **state)
{
	struct configuration *c = *state;
	struct capture capture;
	int status;

	configuration_put(c, "main.conf", configuration_sample);
	begin(&capture);
	status = config_check(&c->request);
	end(&capture);
	assert_int_equal(status, EX_OK);
	assert_string_equal(capture.text, "");
	configuration_put(c, "main.conf",
	    "log = { levle = \"info\"; };\nserver = { gates = 0; };\n");
	begin(&capture);
	status = config_check(&c->request);
	end(&capture);
	assert_int_equal(status, EX_CONFIG);
	assert_non_null(strstr(capture.text,
	    "main.conf:1: log.levle: unknown setting (did you mean "
	    "\"level\"?)\n"));
	assert_non_null(strstr(
	    capture.text, "main.conf:2: server.gates: 0 is out of range"));
}

static void
show_prints_what_holds(void **state)
{
	struct configuration *c = *state;
	struct capture capture;
	int status;

	configuration_put(c, "main.conf", configuration_sample);
	begin(&capture);
	status = config_show(&c->request);
	end(&capture);
	assert_int_equal(status, EX_OK);
	assert_non_null(strstr(capture.text, "login_time = \"20s\";"));
}

static int
explain(struct configuration *c, struct capture *capture, const char *first,
    const char *second, const char *third)
{
	char *argv[3] = { strdup(first), strdup(second), strdup(third) };
	int status;

	begin(capture);
	status = config_explain(&c->request, *third == '\0' ? 2 : 3, argv);
	end(capture);
	for (size_t i = 0; i < 3; i++)
		free(argv[i]);
	return status;
}

static void
explain_wants_a_user_and_an_address(void **state)
{
	struct configuration *c = *state;
	struct capture capture;

	configuration_put(c, "main.conf", configuration_sample);
	assert_int_equal(
	    explain(c, &capture, "user=root", "from=::1", ""), EX_OK);
	assert_non_null(strstr(capture.text, "at 127.0.0.1:2222\n"));
	assert_non_null(strstr(capture.text, "refused: the rule refuses"));
	assert_int_equal(explain(c, &capture, "from=10.1.2.3", "user=nobody",
			     "local=192.0.2.1:22"),
	    EX_OK);
	assert_non_null(strstr(capture.text, "at 192.0.2.1:22\n"));
	assert_int_equal(
	    explain(c, &capture, "user=root", "frm=::1", ""), EX_USAGE);
	assert_int_equal(
	    explain(c, &capture, "user=root", "from=localhost", ""), EX_USAGE);
	assert_int_equal(
	    explain(c, &capture, "user=root", "from=::1", "local=22"),
	    EX_USAGE);
	configuration_put(c, "main.conf", "x = 1;");
	assert_int_equal(
	    explain(c, &capture, "user=root", "from=::1", ""), EX_CONFIG);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(
		    check_is_silent_about_a_good_file_and_tells_all_of_a_bad_one),
		TEST(show_prints_what_holds),
		TEST(explain_wants_a_user_and_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
