/* Lines of a file, some at a time: none is lost, cut or made up. */
#include "modules/authorized_keys/linereader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static FILE *file;
static struct linereader reader;

static int
set_up(void **state)
{
	(void)state;
	file = tmpfile();
	return file == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	return fclose(file);
}

static void
begin(void)
{
	fflush(file);
	lseek(fileno(file), 0, SEEK_SET);
	linereader_init(&reader, dup(fileno(file)));
}

static void
fill(char c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fputc(c, file);
}

static void
every_line_comes_once_and_whole(void **state)
{
	enum { LINES = 20000 };
	struct sp_view lines;
	size_t number = 0;

	(void)state;
	for (int i = 1; i <= LINES; i++) {
		fprintf(file, "%d ", i);
		fill('x', (size_t)i * 7 % 300);
		fputc('\n', file);
	}
	begin();
	while (linereader_next(&reader, &lines)) {
		const uint8_t *at = lines.data, *end = at + lines.len;

		assert_int_equal(end[-1], '\n');
		while (at < end) {
			number++;
			assert_int_equal(
			    strtoul((const char *)at, NULL, 10), number);
			assert_int_equal(linereader_line(&reader, at), number);
			at = (const uint8_t *)memchr(
				 at, '\n', (size_t)(end - at)) +
			    1;
		}
	}
	assert_int_equal(number, LINES);
	linereader_clear(&reader);
}

/* Dropbear's changes of 2026.92. */
static void
the_rest_of_a_line_that_is_too_long_is_no_line(void **state)
{
	static const size_t lengths[] = { LINEREADER_ROOM - 1, LINEREADER_ROOM,
		LINEREADER_ROOM + 1, 2 * LINEREADER_ROOM,
		3 * LINEREADER_ROOM + 5 };

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		size_t whole = 0;
		struct sp_view lines;

		rewind(file);
		assert_int_equal(ftruncate(fileno(file), 0), 0);
		fputs("first\n", file);
		fill('x', lengths[i]);
		fputs("evil\nlast", file);
		begin();
		while (linereader_next(&reader, &lines)) {
			const uint8_t *evil =
			    memmem(lines.data, lines.len, "evil", 4);
			const uint8_t *last =
			    memmem(lines.data, lines.len, "last", 4);

			assert_true(evil == NULL || evil[-1] == 'x');
			if (last == NULL)
				continue;
			assert_true(last == lines.data || last[-1] == '\n');
			assert_int_equal(linereader_line(&reader, last), 3);
			whole++;
		}
		assert_int_equal(whole, 1);
		linereader_clear(&reader);
	}
}

static void
an_empty_file_has_no_lines(void **state)
{
	struct sp_view lines;

	(void)state;
	begin();
	assert_false(linereader_next(&reader, &lines));
	assert_false(linereader_next(&reader, &lines));
	linereader_clear(&reader);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    every_line_comes_once_and_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_rest_of_a_line_that_is_too_long_is_no_line, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    an_empty_file_has_no_lines, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
