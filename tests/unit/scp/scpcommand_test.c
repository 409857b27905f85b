/* Commands of scp, as its clients send them and as they had better not. */
#include "lib/scp/scpcommand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "rp path|folder<pattern>|": what was read; the problem where it is none. */
static void
show(const char *line, char *room, size_t size)
{
	struct scpcommand c;
	const char *problem = scpcommand_read(&c, line);
	size_t used;

	if (problem != NULL) {
		snprintf(room, size, "! %s", problem);
		assert_null(c.room);
		return;
	}
	used = (size_t)snprintf(room, size, "%s%s%s%s ", c.is_sink ? "t" : "f",
	    c.is_recursive ? "r" : "", c.keeps_times ? "p" : "",
	    c.needs_folder ? "d" : "");
	for (size_t i = 0; i < c.count; i++)
		used += (size_t)snprintf(room + used, size - used,
		    c.paths[i].pattern == NULL ? "%s%s|" : "%s<%s>|",
		    c.paths[i].path,
		    c.paths[i].pattern == NULL ? "" : c.paths[i].pattern);
	scpcommand_clear(&c);
}

static void
what_clients_send_is_taken_apart(void **state)
{
	static const struct {
		const char *line, *read;
	} rows[] = {
		{ "scp -t .", "t .|" },
		{ "scp -v -r -p -d -t in", "trpd in|" },
		{ "  scp -pf 'a b' ", "fp a b|" },
		{ "scp -f a b\tc", "f a|b|c|" },
		{ "scp -t -- -x", "t -x|" },
		{ "scp -t -", "t -|" },
		{ "scp -f -- --x", "f --x|" },
		{ "scp -t 'it'\\''s'", "t it's|" },
		{ "scp -t a\\ b", "t a b|" },
		{ "scp -t \"a \\$b \\\\ \\x\"", "t a $b \\ \\x|" },
		{ "scp -f ~", "f .|" },
		{ "scp -f ~/", "f .|" },
		{ "scp -f ~/x '~' a~", "f x|~|a~|" },
		{ "scp -f ~//etc/x", "f etc/x|" },
		{ "scp -f *.txt", "f .<*.txt>|" },
		{ "scp -f /*", "f /<*>|" },
		{ "scp -f out/a\\*'?'*", "f out<a\\*\\?*>|" },
		{ "scp -f '/a*b'/x?", "f /a*b<x?>|" },
		{ "scp -f '*' \\? a", "f *|?|a|" },
		{ "scp -f ~/*", "f .<*>|" },
		{ "scp -f '{a}'* ", "f .<\\{a\\}*>|" },
		{ "scp -f a#b \xc3\xa4", "f a#b|\xc3\xa4|" },
	};
	char room[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(scpcommand_is(rows[i].line));
		show(rows[i].line, room, sizeof room);
		assert_string_equal(room, rows[i].read);
	}
}

static void
what_only_a_shell_could_read_is_refused(void **state)
{
	static const char *const paths[] = { "a;b", "a&b", "a|b", "a>b", "<a",
		"$HOME", "a$", "`id`", "\"$x\"", "\"`id`\"", "(a)", "a)",
		"[ab]", "{a,b}", "a}", "#a", "~root", "~root/x", "'a", "\"a",
		"a\\", "a\x01", "'a\nb'", "a\x7f", "*/x", "a?/b", "''",
		"\"\"" };
	char line[64], room[256];

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		snprintf(line, sizeof line, "scp -f %s", paths[i]);
		assert_true(scpcommand_is(line));
		show(line, room, sizeof room);
		assert_int_equal(room[0], '!');
		snprintf(line, sizeof line, "scp -f good %s", paths[i]);
		show(line, room, sizeof room);
		assert_int_equal(room[0], '!');
	}
}

static void
options_that_are_not_known_are_refused(void **state)
{
	static const struct {
		const char *line, *problem;
	} rows[] = {
		{ "scp -t", "no path" },
		{ "scp -t --", "no path" },
		{ "scp -t -S/bin/sh x", "options" },
		{ "scp -t -o x", "options" },
		{ "scp -t --help x", "long options" },
		{ "scp -tf x", "either" },
		{ "scp -r x", "either" },
		{ "scp -t a b", "more than one place" },
		{ "scp -t *", "quotes" },
		{ "scp a -t", "either" },
	};
	char room[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		show(rows[i].line, room, sizeof room);
		assert_int_equal(room[0], '!');
		assert_non_null(strstr(room, rows[i].problem));
	}
}

static void
other_commands_are_none_of_scps(void **state)
{
	static const char *const lines[] = { "", "scp", "scp ", "scpx -t .",
		"/usr/bin/scp -t .", "scp a -t", "scp a host:b", "scp -r -p x",
		"scp -- -t", "sscp -t .", "rsync -t .", "scp --t x",
		"scp\n-t x" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_false(scpcommand_is(lines[i]));
}

static void
what_is_too_long_or_too_much_is_refused(void **state)
{
	static char line[SCPCOMMAND_MAX + 2] = "scp -f ";
	size_t head = strlen(line);
	struct scpcommand c;

	(void)state;
	for (size_t i = 0; i < SCPCOMMAND_PATHS_MAX; i++)
		memcpy(line + head + 2 * i, "* ", 2);
	assert_null(scpcommand_read(&c, line));
	assert_int_equal(c.count, SCPCOMMAND_PATHS_MAX);
	scpcommand_clear(&c);
	memcpy(line + head + 2 * SCPCOMMAND_PATHS_MAX, "* ", 2);
	assert_non_null(strstr(scpcommand_read(&c, line), "too many"));
	memset(line + head, '*', SCPCOMMAND_MAX - head);
	assert_null(scpcommand_read(&c, line));
	assert_int_equal(strlen(c.paths[0].pattern), SCPCOMMAND_MAX - head);
	scpcommand_clear(&c);
	memset(line + head, 'a', SCPCOMMAND_MAX + 1 - head);
	assert_non_null(strstr(scpcommand_read(&c, line), "too long"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_clients_send_is_taken_apart),
		cmocka_unit_test(what_only_a_shell_could_read_is_refused),
		cmocka_unit_test(options_that_are_not_known_are_refused),
		cmocka_unit_test(other_commands_are_none_of_scps),
		cmocka_unit_test(what_is_too_long_or_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
