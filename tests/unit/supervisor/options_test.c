/* The command line, right and wrong. */
#include "daemon/supervisor/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 8 };

static char problem[256];

/* Words as a shell would split them. */
static bool
parse(const char *line, struct options *options)
{
	static char text[256];
	static char *argv[ARGUMENTS_MAX + 1];
	int argc = 0;

	strcpy(text, line);
	for (char *word = strtok(text, " "); word != NULL;
	     word = strtok(NULL, " ")) {
		assert_true(argc < ARGUMENTS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return options_parse(argc, argv, options, problem, sizeof problem);
}

static void
without_arguments_it_runs_with_defaults(void **state)
{
	struct options o;

	(void)state;
	assert_true(parse("sallyportd", &o));
	assert_int_equal(o.command, OPTIONS_RUN);
	assert_null(o.file);
	assert_null(o.state);
	assert_false(o.end_sessions);
}

static void
options_have_their_values(void **state)
{
	struct options o;

	(void)state;
	assert_true(parse("sallyportd -f a --state b --end-sessions", &o));
	assert_string_equal(o.file, "a");
	assert_string_equal(o.state, "b");
	assert_true(o.end_sessions);
	assert_true(parse("sallyportd --state=b --modules=m --file=a", &o));
	assert_string_equal(o.file, "a");
	assert_string_equal(o.state, "b");
	assert_string_equal(o.modules, "m");
}

static void
commands_take_what_is_theirs(void **state)
{
	struct options o;

	(void)state;
	assert_true(parse("sallyportd check", &o));
	assert_int_equal(o.command, OPTIONS_CHECK);
	assert_null(o.file);
	assert_true(parse("sallyportd check a", &o));
	assert_string_equal(o.file, "a");
	assert_true(parse("sallyportd -f a show", &o));
	assert_int_equal(o.command, OPTIONS_SHOW);
	assert_string_equal(o.file, "a");
	assert_true(parse("sallyportd explain -f a user=b from=::1", &o));
	assert_int_equal(o.command, OPTIONS_EXPLAIN);
	assert_string_equal(o.file, "a");
	assert_int_equal(o.argc, 2);
	assert_string_equal(o.argv[0], "user=b");
	assert_string_equal(o.argv[1], "from=::1");
	assert_true(parse("sallyportd settings", &o));
	assert_int_equal(o.command, OPTIONS_SETTINGS);
	assert_true(parse("sallyportd --version", &o));
	assert_int_equal(o.command, OPTIONS_VERSION);
	assert_true(parse("sallyportd --help", &o));
	assert_int_equal(o.command, OPTIONS_HELP);
}

static void
init_wants_to_know_what(void **state)
{
	struct options o;

	(void)state;
	assert_true(parse("sallyportd init --service", &o));
	assert_int_equal(o.command, OPTIONS_INIT);
	assert_int_equal(o.example, OPTIONS_EXAMPLE_SERVICE);
	assert_null(o.file);
	assert_true(parse("sallyportd init --git --state s /etc/x", &o));
	assert_int_equal(o.example, OPTIONS_EXAMPLE_GIT);
	assert_string_equal(o.file, "/etc/x");
	assert_string_equal(o.state, "s");
	assert_true(parse("sallyportd check", &o));
	assert_int_equal(o.example, OPTIONS_EXAMPLE_NONE);
}

static void
what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *line;
		const char *word;
	} rows[] = {
		{ "sallyportd nonsense", "nonsense" },
		{ "sallyportd --nonsense", "--nonsense" },
		{ "sallyportd --statex=b", "--statex=b" },
		{ "sallyportd -f", "-f" },
		{ "sallyportd --state", "--state" },
		{ "sallyportd -f a nonsense", "nonsense" },
		{ "sallyportd init", "init" },
		{ "sallyportd init /etc/x", "init" },
		{ "sallyportd init --git --service", "--service" },
		{ "sallyportd init --git --git", "--git" },
		{ "sallyportd check --git", "--git" },
		{ "sallyportd --service", "--service" },
		{ "sallyportd check a b", "b" },
		{ "sallyportd -f a check b c", "c" },
		{ "sallyportd settings a", "a" },
		{ "sallyportd check --nonsense", "--nonsense" },
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_false(parse(rows[i].line, &o));
		assert_int_equal(
		    strncmp(problem, rows[i].word, strlen(rows[i].word)), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_arguments_it_runs_with_defaults),
		cmocka_unit_test(options_have_their_values),
		cmocka_unit_test(commands_take_what_is_theirs),
		cmocka_unit_test(init_wants_to_know_what),
		cmocka_unit_test(what_is_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
