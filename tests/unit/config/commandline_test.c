/* Command lines: what they are taken for, beside what a shell does. */
#include "daemon/config/commandline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* "a|b|" for two words; "" for a line that is refused. */
static void
split(const char *line, char *room, size_t size)
{
	struct string_list words;
	struct arena arena;
	size_t used = 0;

	arena_init(&arena);
	words = commandline_split(&arena, line);
	room[0] = '\0';
	for (size_t i = 0; i < words.count; i++)
		used += (size_t)snprintf(
		    room + used, size - used, "%s|", words.items[i]);
	if (words.count > 0)
		assert_null(words.items[words.count]);
	arena_clear(&arena);
}

static void
words_and_quotes_are_taken_apart(void **state)
{
	static const struct {
		const char *line;
		const char *words;
	} rows[] = {
		{ "status", "status|" },
		{ "  status \t web ", "status|web|" },
		{ "git-upload-pack '/srv/a b.git'",
		    "git-upload-pack|/srv/a b.git|" },
		{ "git-upload-pack '/with '\\''quote'\\'''",
		    "git-upload-pack|/with 'quote'|" },
		{ "git-receive-pack '/so'\\!''", "git-receive-pack|/so!|" },
		{ "borg serve --umask=077 --info",
		    "borg|serve|--umask=077|--info|" },
		{ "rsync --server -vlogDtpre.iLsfxCIvu . in/a\\ b\\*.c",
		    "rsync|--server|-vlogDtpre.iLsfxCIvu|.|in/a b*.c|" },
		{ "scp -r -t -- in", "scp|-r|-t|--|in|" },
		{ "x ''", "x||" },
		{ "x \"\" \"a b\"c'd e'", "x||a bcd e|" },
		{ "x \"\\$HOME \\` \\\" \\\\ \\n\"", "x|$HOME ` \" \\ \\n|" },
		{ "x '$HOME `id` ; * > \\'", "x|$HOME `id` ; * > \\|" },
		{ "x a~ a#b ''~ ''#", "x|a~|a#b|~|#|" },
		{ "x a=b ! % ^ ] @ , + :", "x|a=b|!|%|^|]|@|,|+|:|" },
		{ "a+b -c", "a+b|-c|" },
		{ "'A=b' c", "A=b|c|" },
		{ "A\\=b c", "A=b|c|" },
		{ "if then", "if|then|" },
		{ "\xc3\xa4 \xff", "\xc3\xa4|\xff|" },
	};
	char room[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		split(rows[i].line, room, sizeof room);
		assert_string_equal(room, rows[i].words);
	}
}

static void
what_needs_a_shell_is_refused(void **state)
{
	static const char *const lines[] = { "", " ", "\t", "a;b", "a;", ";",
		"a&b", "a &", "a&&b", "a|b", "a||b", "a>b", "a <b", "a 2>&1",
		"a <<x", "$HOME", "a $HOME", "a $(id)", "a ${x}", "a $", "a$",
		"`id`", "a \"`id`\"", "a \"$x\"", "a \"$(id)\"", "(a)", "a (b",
		"a )", "a *", "a*", "a ?", "a [bc]", "a [", "{ a", "a {b,c}",
		"a }", "a #b", "#a", "~", "a ~", "a ~root/x", "a b=~/x",
		"a b:~/x", "A=b c", "A= c", "A+=b c", "_A1=b", "a 'b", "a b'",
		"a \"b", "a \"b\\\"", "a \\", "\\", "a\nb", "a\n", "\na",
		"a 'b\nc'", "a \"b\nc\"", "a \\\nb", "a\rb", "a \x01", "a \x1b",
		"a \x7f", "a 'b\tc'", "a \"b\tc\"", "a \\\tb", "a \v b",
		"a \f b" };
	char room[256];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		split(lines[i], room, sizeof room);
		if (room[0] != '\0')
			fail_msg("\"%s\" is \"%s\"", lines[i], room);
	}
}

/* Without quotes, in the middle of a word; then at its beginning. */
static void
each_byte_is_plain_or_refused_as_listed(void **state)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "!#%+,-./:=@]^_~";

	(void)state;
	for (int c = 1; c < 256; c++) {
		char line[] = { 'x', ' ', 'a', (char)c, 'b', '\0' };
		bool is_plain = c >= 128 || strchr(plain, c) != NULL;
		char room[64], wanted[16];

		split(line, room, sizeof room);
		snprintf(wanted, sizeof wanted, "x|a%cb|", c);
		if (is_plain)
			assert_string_equal(room, wanted);
		else if (c != ' ' && c != '\t' && c != '\\')
			assert_string_equal(room, "");
		line[2] = ' ';
		split(line, room, sizeof room);
		snprintf(wanted, sizeof wanted, "x|%cb|", c);
		if (is_plain && c != '~' && c != '#')
			assert_string_equal(room, wanted);
		else if (c != ' ' && c != '\t' && c != '\\')
			assert_string_equal(room, "");
	}
}

static void
long_lines_and_many_words_are_refused(void **state)
{
	char *line = calloc(1, COMMANDLINE_MAX + 2);
	struct string_list words;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	memset(line, 'a', COMMANDLINE_MAX);
	words = commandline_split(&arena, line);
	assert_int_equal(words.count, 1);
	assert_int_equal(strlen(words.items[0]), COMMANDLINE_MAX);
	line[COMMANDLINE_MAX] = 'a';
	assert_int_equal(commandline_split(&arena, line).count, 0);
	for (size_t i = 0; i < COMMANDLINE_WORDS_MAX; i++)
		memcpy(line + 2 * i, "a ", 3);
	assert_int_equal(
	    commandline_split(&arena, line).count, COMMANDLINE_WORDS_MAX);
	memcpy(line + 2 * COMMANDLINE_WORDS_MAX, "a", 2);
	assert_int_equal(commandline_split(&arena, line).count, 0);
	arena_clear(&arena);
	free(line);
}

/* ---- beside a shell ---- */

static void
make_line(char *line, size_t size)
{
	static const char *const pieces[] = { "a", "bc", " ", "  ", "'", "\"",
		"\\", "\\'", "\\\"", "\\$", "$", "`", "~", "#", "=", ":", "*",
		"[", "]", "{", "}", ",", "!", ";", "-", "/", "''", "' '",
		"\" \"", "\t", "%", "^", "A=" };
	size_t used = 0;

	line[0] = '\0';
	for (int n = rand() % 10 + 1; n > 0 && used < size; n--)
		used += (size_t)snprintf(line + used, size - used, "%s",
		    pieces[(size_t)rand() %
			(sizeof pieces / sizeof pieces[0])]);
}

/* A script that shows the words of each line; the words we found. */
static size_t
write_lines(FILE *script, FILE *wanted)
{
	char line[64], room[256];
	size_t count = 0;

	fputs("cd /; p() { for a; do printf '%s|' \"$a\"; done; echo; }\n",
	    script);
	for (size_t i = 0; i < 30000; i++) {
		make_line(line, sizeof line);
		split(line, room, sizeof room);
		if (room[0] == '\0')
			continue;
		fprintf(script, "p %s\n", line);
		fprintf(wanted, "%s\n", room);
		count++;
	}
	return count;
}

static void
a_shell_finds_the_same_words(void **state)
{
	static const char *const shells[] = { "/bin/dash", "/bin/bash" };
	char folder[] = "/tmp/commandline-test-XXXXXX";
	char command[512], path[2][64];
	FILE *script, *wanted;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path[0], sizeof path[0], "%s/script", folder);
	snprintf(path[1], sizeof path[1], "%s/wanted", folder);
	script = fopen(path[0], "w");
	wanted = fopen(path[1], "w");
	srand(1);
	assert_true(write_lines(script, wanted) > 3000);
	fclose(script);
	fclose(wanted);
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
		if (access(shells[i], X_OK) != 0)
			continue;
		snprintf(command, sizeof command,
		    "HOME=/home/of/somebody %s %s | cmp - %s", shells[i],
		    path[0], path[1]);
		assert_int_equal(system(command), 0);
	}
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_quotes_are_taken_apart),
		cmocka_unit_test(what_needs_a_shell_is_refused),
		cmocka_unit_test(each_byte_is_plain_or_refused_as_listed),
		cmocka_unit_test(long_lines_and_many_words_are_refused),
		cmocka_unit_test(a_shell_finds_the_same_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
