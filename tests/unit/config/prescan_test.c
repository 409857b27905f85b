/* Each trap of the language, told where it is. */
#include "daemon/config/parse.h"
#include "daemon/config/prescan.h"
#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A text with one mistake: its line, and words of what is told. */
struct row {
	const char *text;
	unsigned line;
	const char *told;
};

static void
scan(struct sp_view text, struct mistakes *mistakes)
{
	struct source source;
	struct arena arena;

	arena_init(&arena);
	mistake_init(mistakes);
	source_of_text(&arena, "test.conf", text, &source);
	prescan_check(&source, mistakes);
	arena_clear(&arena);
}

static void
each_mistake_is_told_with_its_line(void **state)
{
	static const struct row rows[] = {
		{ "a = 5000000000;", 1, "a: 5000000000 does not fit" },
		{ "a = 0xffffffff;", 1, "does not fit" },
		{ "a = 99999999999999999999L;", 1, "does not fit" },
		{ "a = 0640;", 1, "may be read as 640" },
		{ "a = -007;", 1, "007 may be read as 7" },
		{ "\na = [ \"x\", ];", 2, "comma after the last" },
		{ "a = ( \"x\", );", 1, "comma after the last" },
		{ "a = [ \"x\"\n\"y\" ];", 2, "without a comma" },
		{ "a = ( { } { } );", 1, "without a comma" },
		{ "a = [ 1, \"x\" ];", 1, "different kinds" },
		{ "a = [ { } ];", 1, "plain values alone" },
		{ "a = \"x\\x00y\";", 1, "\\x00" },
		{ "a = \"x\\dy\";", 1, "\"\\d\" in a string" },
		{ "a = \"x\\x4\";", 1, "in a string" },
		{ "a = \"x\x01\";", 1, "control character" },
		{ "\n\na = \"open;\nb = 1;\nc = \"x\";", 3, "not closed" },
		{ "a = 1;\nb = 2;\na = 3;", 3, "before in test.conf:1" },
		{ "g = {\n a = 1;\n a = 2; };", 3, "g.a: given twice" },
		{ "a = yes;", 1, "\"yes\" is no value" },
		{ "a = 30s;", 1, "30s is no number" },
		{ "a = 10.0.0.1;", 1, "10.0.0.1 is no number" },
		{ "a = 10.0.0.0/8;", 1, "is no number" },
		{ "a = ;", 1, "expected a value" },
		{ "a =\nb = 1;", 2, "expected a value" },
		{ "a 1;", 1, "expected \"=\" and a value" },
		{ "= 1;", 1, "the name of a setting" },
		{ "a = 1;;", 1, "the name of a setting" },
		{ "a = 1; }", 1, "the name of a setting" },
		{ "a = 1;\n/* open", 2, "comment is never closed" },
		{ "\na = {\n b = 1;\n", 2, "expected a \"}\"" },
		{ "a = (\n 1, 2;", 1, "expected a \")\"" },
		{ "a = 1; @include \"x\"", 1, "@include begins a line" },
		{ "a = $HOME;", 1, "unexpected \"$\"" },
		{ "a = \xff;", 1, "unexpected byte 0xff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct mistakes mistakes;

		scan(view_of_string(rows[i].text), &mistakes);
		if (mistakes.count != 1 ||
		    mistakes.items[0].line != rows[i].line ||
		    strstr(mistakes.items[0].text, rows[i].told) == NULL)
			fail_msg("%s: %zu mistakes, line %u: %s", rows[i].text,
			    mistakes.count,
			    mistakes.count > 0 ? mistakes.items[0].line : 0,
			    mistakes.count > 0 ? mistakes.items[0].text : "");
		mistake_clear(&mistakes);
	}
}

static void
all_mistakes_of_a_text_are_told_in_one_run(void **state)
{
	static const char text[] = "server = {\n"
				   "	login_time = 30s;\n"
				   "	version = \"open;\n"
				   "	listen = [ \"a\" \"b\" ];\n"
				   "};\n"
				   "log = { level = info; };\n"
				   "mode = 0640;\n"
				   "log = { };\n";
	static const unsigned lines[] = { 2, 3, 4, 6, 7, 8 };
	struct mistakes mistakes;

	(void)state;
	scan(view_of_string(text), &mistakes);
	assert_int_equal(mistakes.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(mistakes.items[i].line, lines[i]);
	assert_non_null(strstr(mistakes.items[0].text, "server.login_time"));
	mistake_clear(&mistakes);
}

static void
a_nul_byte_is_told_even_in_a_comment(void **state)
{
	static const char text[] = "a = 1;\n# \0\nb = 0640;\n";
	struct mistakes mistakes;

	(void)state;
	scan(view_of(text, sizeof text - 1), &mistakes);
	assert_int_equal(mistakes.count, 2);
	assert_int_equal(mistakes.items[0].line, 2);
	assert_non_null(strstr(mistakes.items[0].text, "NUL"));
	mistake_clear(&mistakes);
}

static void
groups_too_deep_inside_one_another_are_one_mistake(void **state)
{
	char text[2000] = "";
	struct mistakes mistakes;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		strcat(text, "a = { ");
	scan(view_of_string(text), &mistakes);
	assert_int_equal(mistakes.count, 1);
	assert_non_null(strstr(mistakes.items[0].text, "deep"));
	mistake_clear(&mistakes);
}

static void
what_is_well_written_passes_and_libconfig_reads_the_same(void **state)
{
	static const char text[] =
	    "# comment with \"quotes\" and { \n"
	    "// another\n"
	    "/* and\n a = 1; */\n"
	    "a = -5, b : 0x1F; c = 5L\n"
	    "d = \"one \"\n    \"two\\x41\\n\\\"\";\n"
	    "e = { f = true; g = ( { h = [ ]; }, \"i\", ( 1, 2.5 ) ); };\n"
	    "j-k_1 = [ \"x\", \"y\" ];";
	struct mistakes mistakes;
	struct tree_node *root;
	struct source source;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	mistake_init(&mistakes);
	source_of_text(&arena, "test.conf", view_of_string(text), &source);
	prescan_check(&source, &mistakes);
	root = parse_source(&arena, &source, &mistakes);
	assert_int_equal(mistakes.count, 0);
	assert_non_null(root);
	assert_int_equal(tree_get(root, "a")->number, -5);
	assert_int_equal(tree_get(root, "b")->number, 31);
	assert_string_equal(tree_get(root, "d")->text, "one twoA\n\"");
	assert_int_equal(tree_get(root, "d")->line, 6);
	assert_int_equal(tree_count(tree_get(tree_get(root, "e"), "g")), 3);
	mistake_clear(&mistakes);
	arena_clear(&arena);
}

/* Every byte in turn is lost, doubled or changed: nothing may go wrong. */
static void
no_change_of_a_byte_gets_past_the_scan_but_not_past_libconfig(void **state)
{
	static const char good[] = "a = { b = [ \"x\", \"y\" ]; c = ( { d = "
				   "0x1F; }, 2.5 ); }; /* */ e = \"\\x41\"; "
				   "f = 5L; g = TRUE; # h\n";
	static const char bytes[] = "\"\\{}[]();,=#/*x0@ \n";
	char text[sizeof good + 1];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof good * sizeof bytes; i++) {
		size_t at = i / 2 / sizeof bytes;
		size_t which = i / 2 % sizeof bytes;
		struct mistakes mistakes;
		struct source source;
		struct arena arena;

		strcpy(text, good);
		if (i % 2 == 0)
			text[at] = bytes[which];
		else
			memmove(text + at + 1, good + at, sizeof good - at);
		arena_init(&arena);
		mistake_init(&mistakes);
		source_of_text(
		    &arena, "test.conf", view_of_string(text), &source);
		prescan_check(&source, &mistakes);
		if (mistakes.count == 0 &&
		    parse_source(&arena, &source, &mistakes) == NULL)
			fail_msg("passed: %s", text);
		mistake_clear(&mistakes);
		arena_clear(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_told_with_its_line),
		cmocka_unit_test(all_mistakes_of_a_text_are_told_in_one_run),
		cmocka_unit_test(a_nul_byte_is_told_even_in_a_comment),
		cmocka_unit_test(
		    groups_too_deep_inside_one_another_are_one_mistake),
		cmocka_unit_test(
		    what_is_well_written_passes_and_libconfig_reads_the_same),
		cmocka_unit_test(
		    no_change_of_a_byte_gets_past_the_scan_but_not_past_libconfig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
