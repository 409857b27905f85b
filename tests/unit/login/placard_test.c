/* What a terminal may be shown, and what becomes of the rest. */
#include "daemon/login/placard.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
check(const char *bytes, const char *expected)
{
	struct buffer out;

	buffer_init(&out, PLACARD_MAX);
	assert_int_equal(placard_clean(view_of_string(bytes), &out), SP_OK);
	assert_true(view_equal_string(buffer_view(&out), expected));
	buffer_clear(&out);
}

static void
text_stays_as_it_is(void **state)
{
	(void)state;
	check("", "");
	check("Back at noon.\t~ {|}", "Back at noon.\t~ {|}");
	check("Mittagspause f\xc3\xbcr alle \xe2\x82\xac \xf0\x9f\x94\x92",
	    "Mittagspause f\xc3\xbcr alle \xe2\x82\xac \xf0\x9f\x94\x92");
}

static void
lines_end_in_two_characters(void **state)
{
	(void)state;
	check("one\ntwo\r\n\n", "one\r\ntwo\r\n\r\n");
	check("one\rtwo\r", "one?two?");
}

static void
what_commands_a_terminal_does_not_arrive(void **state)
{
	(void)state;
	check("\x1b[2J\x07\x7f", "?[2J??");
	check("\xc2\x9b"
	      "2J",
	    "??2J"); /* the same as one character */
}

static void
what_is_no_utf8_is_a_question_mark_a_byte(void **state)
{
	(void)state;
	check("\xff\xfe", "??");
	check("\xc3", "?");
	check("\xc3(", "?(");
	check("\xc0\xaf\xe0\x80\xaf", "?????");
	check("\xed\xa0\x80", "???");
	check("\xf4\x90\x80\x80", "????");
	check("\xe2\x82", "??");
}

static void
a_nul_is_no_text(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, PLACARD_MAX);
	assert_int_equal(placard_clean(view_of("a\0b", 3), &out), SP_OK);
	assert_true(view_equal_string(buffer_view(&out), "a?b"));
	buffer_clear(&out);
}

static void
a_file_is_read_up_to_a_bound(void **state)
{
	char path[] = "/tmp/placard_test.XXXXXX";
	int fd = mkstemp(path);
	struct buffer out;

	(void)state;
	buffer_init(&out, PLACARD_MAX);
	assert_true(fd >= 0);
	assert_false(placard_read(path, &out));
	for (int i = 0; i < 2 * PLACARD_READ_MAX; i++)
		assert_int_equal(write(fd, "\n", 1), 1);
	assert_true(placard_read(path, &out));
	assert_int_equal(buffer_len(&out), PLACARD_MAX);
	buffer_clear(&out);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_false(placard_read(path, &out));
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(placard_read(path, &out));
	assert_int_equal(unlink(path), 0);
	assert_false(placard_read("/", &out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_as_it_is),
		cmocka_unit_test(lines_end_in_two_characters),
		cmocka_unit_test(what_commands_a_terminal_does_not_arrive),
		cmocka_unit_test(what_is_no_utf8_is_a_question_mark_a_byte),
		cmocka_unit_test(a_nul_is_no_text),
		cmocka_unit_test(a_file_is_read_up_to_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
