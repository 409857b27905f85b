/* A program at the end of two pipes, which may do anything. */
#include "modules/program/coprocess.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct coprocess process;
static char reason[COPROCESS_REASON_SIZE];
static const char question[] = "{\"id\":1}\n";

static void
start(const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const env[] = { "PATH=/usr/bin:/bin", NULL };

	assert_true(coprocess_start(&process, argv, env));
}

/* What comes of it, within ten seconds. */
static enum coprocess_state
await(void)
{
	enum coprocess_state state;
	struct pollfd fds[2];

	do {
		size_t n = coprocess_watch(&process, fds);

		assert_true(poll(fds, n, 10000) > 0);
		reason[0] = '\0';
		state = coprocess_serve(&process, reason);
	} while (state == COPROCESS_BUSY);
	return state;
}

static void
a_line_is_answered_by_a_line_again_and_again(void **state)
{
	(void)state;
	start("cat");
	for (int i = 0; i < 3; i++) {
		coprocess_ask(&process, question, sizeof question - 1);
		assert_int_equal(await(), COPROCESS_ANSWERED);
		assert_int_equal(process.len, sizeof question - 2);
		assert_memory_equal(process.line, question, process.len);
		coprocess_wipe(&process);
		assert_int_equal(process.line[0], '\0');
	}
	coprocess_end(&process, reason);
	assert_int_equal(process.pid, 0);
}

static void
a_question_larger_than_a_pipe_is_written_in_pieces(void **state)
{
	const size_t size = 300000;
	char *large = malloc(size);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', size);
	large[size - 1] = '\n';
	start("sleep 0.2; wc -c");
	coprocess_ask(&process, large, size);
	assert_int_equal(coprocess_serve(&process, reason), COPROCESS_BUSY);
	assert_true(process.left > 0);
	while (process.left > 0) {
		struct pollfd fds[2];

		coprocess_watch(&process, fds);
		assert_true(poll(fds, 2, 10000) > 0);
		assert_int_equal(
		    coprocess_serve(&process, reason), COPROCESS_BUSY);
	}
	coprocess_end(&process, reason);
	free(large);
}

static void
expect_broken(const char *script, const char *said, const char *became)
{
	start(script);
	coprocess_ask(&process, question, sizeof question - 1);
	assert_int_equal(await(), COPROCESS_BROKEN);
	assert_string_equal(reason, said);
	coprocess_end(&process, reason);
	if (became != NULL)
		assert_string_equal(reason, became);
}

static void
what_breaks_the_rules_is_told_by_name(void **state)
{
	(void)state;
	expect_broken("read x; exit 3", "", "it ended with status 3");
	expect_broken("read x; kill -9 $$", "", "it died of signal 9");
	expect_broken("read x; exec >&-; sleep 60", "",
	    "it closed its output, and was ended");
	expect_broken("read x; printf 'a\\nb\\n'; sleep 60",
	    "it wrote more than one answer", NULL);
	expect_broken("read x; head -c 20000 /dev/zero; sleep 60",
	    "its answer is too long", NULL);
}

static void
who_speaks_unasked_is_told_too(void **state)
{
	(void)state;
	start("echo a; sleep 60");
	assert_int_equal(await(), COPROCESS_BROKEN);
	assert_string_equal(reason, "it wrote what nobody had asked for");
	coprocess_end(&process, reason);
}

static bool
is_running(pid_t pid)
{
	char path[64], text[512] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	if (fgets(text, sizeof text, file) == NULL)
		text[0] = '\0';
	fclose(file);
	state = strrchr(text, ')');
	return state != NULL && state[2] != 'Z' && state[2] != 'X';
}

static void
what_it_started_ends_with_it(void **state)
{
	pid_t child;

	(void)state;
	start("read x; sleep 100 & echo $!; wait");
	coprocess_ask(&process, question, sizeof question - 1);
	assert_int_equal(await(), COPROCESS_ANSWERED);
	process.line[process.len] = '\0';
	child = (pid_t)strtol(process.line, NULL, 10);
	assert_int_equal(kill(child, 0), 0);
	coprocess_end(&process, reason);
	/* It may be a zombie until whoever adopts it looks. */
	for (int i = 0; i < 500 && is_running(child); i++)
		poll(NULL, 0, 10);
	assert_false(is_running(child));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_answered_by_a_line_again_and_again),
		cmocka_unit_test(
		    a_question_larger_than_a_pipe_is_written_in_pieces),
		cmocka_unit_test(what_breaks_the_rules_is_told_by_name),
		cmocka_unit_test(who_speaks_unasked_is_told_too),
		cmocka_unit_test(what_it_started_ends_with_it),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
