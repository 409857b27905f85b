/* Groups checked by rows: every type, and every way to be wrong. */
#include "daemon/config/parse.h"
#include "daemon/config/schema.h"
#include "daemon/config/value.h"
#include "lib/wire/view.h"

#include "daemon/config/cidr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct inner {
	const char *at;
	uint32_t weight;
};

struct all {
	const char *text;
	const char *path;
	unsigned word;
	bool truth;
	int64_t integer;
	uint32_t count;
	uint64_t time;
	uint64_t size;
	uint64_t rate;
	unsigned mode;
	struct string_list strings;
	struct string_list words;
	struct string_list none;
	struct string_list written;
	struct string_list patterns;
	const char *says;
	struct string_list who;
	struct string_list argv;
	struct string_list variables;
	struct cidr_list nets;
	const struct tree_node *names;
	struct inner group;
	struct schema_groups groups;
	struct schema_groups map;
};

static const char *const word_list[] = { "red", "green", NULL };
static const char *const count_words[] = { "cores", NULL };

#define FIELD(field, kind, value) \
	.name = #field, .type = kind, .offset = offsetof(struct all, field), \
	.dflt = value, .meaning = "a setting"

static const struct schema_row inner_rows[] = {
	{ .name = "at",
	    .type = SCHEMA_STRING,
	    .offset = offsetof(struct inner, at),
	    .meaning = "where" },
	{ .name = "weight",
	    .type = SCHEMA_COUNT,
	    .offset = offsetof(struct inner, weight),
	    .dflt = "7",
	    .meaning = "how much" },
	SCHEMA_END,
};

static const struct schema_row optional_rows[] = {
	{ .name = "at",
	    .type = SCHEMA_STRING,
	    .offset = offsetof(struct inner, at),
	    .dflt = "here",
	    .meaning = "where" },
	SCHEMA_END,
};

static const struct schema_row rows[] = {
	{ FIELD(text, SCHEMA_STRING, "plain") },
	{ FIELD(path, SCHEMA_PATH, "") },
	{ FIELD(word, SCHEMA_WORD, "green"), .words = word_list },
	{ FIELD(truth, SCHEMA_BOOL, "true") },
	{ FIELD(integer, SCHEMA_INTEGER, "-3"), .min = -10, .max = 10 },
	{ FIELD(count, SCHEMA_COUNT, "cores"), .min = 1, .max = 9,
	    .words = count_words },
	{ FIELD(time, SCHEMA_TIME, "60s"), .min = 1000, .max = 3600000 },
	{ FIELD(size, SCHEMA_SIZE, "64M") },
	{ FIELD(rate, SCHEMA_RATE, "1K/s") },
	{ FIELD(mode, SCHEMA_MODE, "0640") },
	{ FIELD(strings, SCHEMA_STRINGS, "a b") },
	{ FIELD(words, SCHEMA_STRINGS, "red"), .words = word_list },
	{ FIELD(none, SCHEMA_STRINGS, "[ ]") },
	{ FIELD(written, SCHEMA_PATTERNS, "[ \"a b*\", \"c\" ]") },
	{ FIELD(patterns, SCHEMA_PATTERNS, "LC_*") },
	{ FIELD(says, SCHEMA_TEXT, "Hi %i!\n") },
	{ FIELD(who, SCHEMA_WHO, "true") },
	{ FIELD(argv, SCHEMA_ARGV, "/bin/true %1"), .min = 1, .max = 3 },
	{ FIELD(variables, SCHEMA_VARIABLES, "LANG=C WHO=%i") },
	{ FIELD(nets, SCHEMA_CIDRS, "10.0.0.0/8 ::1") },
	{ FIELD(names, SCHEMA_NAMES, "") },
	{ FIELD(group, SCHEMA_GROUP, "usual"),
	    .words = (const char *const[]){ "usual", NULL },
	    .group = optional_rows, .size = sizeof(struct inner) },
	{ FIELD(groups, SCHEMA_GROUPS, ""), .group = inner_rows,
	    .size = sizeof(struct inner) },
	{ FIELD(map, SCHEMA_MAP, ""), .group = inner_rows,
	    .size = sizeof(struct inner) },
	SCHEMA_END,
};

struct reading {
	struct arena arena;
	struct mistakes mistakes;
	struct all all;
};

static void
read_text(struct reading *reading, const char *text)
{
	struct schema_reader reader = {
		.arena = &reading->arena,
		.mistakes = &reading->mistakes,
		.file = "test.conf",
	};
	struct source source;
	struct tree_node *root;

	arena_init(&reading->arena);
	mistake_init(&reading->mistakes);
	reading->all = (struct all){ .text = NULL };
	source_of_text(
	    &reading->arena, "test.conf", view_of_string(text), &source);
	root = parse_source(&reading->arena, &source, &reading->mistakes);
	assert_non_null(root);
	schema_read(&reader, rows, root, &reading->all);
}

static void
forget(struct reading *reading)
{
	mistake_clear(&reading->mistakes);
	arena_clear(&reading->arena);
}

static void
what_is_not_given_has_its_default(void **state)
{
	struct reading reading;
	const struct all *all = &reading.all;

	(void)state;
	read_text(&reading, "");
	assert_int_equal(reading.mistakes.count, 0);
	assert_string_equal(all->text, "plain");
	assert_string_equal(all->path, "");
	assert_int_equal(all->word, 1);
	assert_true(all->truth);
	assert_int_equal(all->integer, -3);
	assert_int_equal(all->count, 0);
	assert_int_equal(all->time, 60000);
	assert_int_equal(all->size, 67108864);
	assert_int_equal(all->rate, 1024);
	assert_int_equal(all->mode, 0640);
	assert_int_equal(all->strings.count, 2);
	assert_string_equal(all->strings.items[1], "b");
	assert_int_equal(all->words.count, 1);
	assert_int_equal(all->none.count, 0);
	assert_int_equal(all->written.count, 2);
	assert_string_equal(all->written.items[0], "a b*");
	assert_string_equal(all->written.items[1], "c");
	assert_string_equal(all->patterns.items[0], "LC_*");
	assert_string_equal(all->says, "Hi %i!\n");
	assert_int_equal(all->who.count, 1);
	assert_string_equal(all->who.items[0], "**");
	assert_int_equal(all->argv.count, 2);
	assert_string_equal(all->variables.items[1], "WHO=%i");
	assert_int_equal(all->nets.count, 2);
	assert_int_equal(all->nets.items[0].bits, 104);
	assert_null(all->names);
	assert_string_equal(all->group.at, "here");
	assert_int_equal(all->groups.count, 0);
	assert_int_equal(all->map.count, 0);
	forget(&reading);
}

static void
what_is_given_is_typed(void **state)
{
	struct reading reading;
	const struct all *all = &reading.all;
	const struct inner *items;

	(void)state;
	read_text(&reading,
	    "text = \"x\"; path = \"/y\"; word = \"red\"; truth = false;"
	    "integer = 10; count = 9; time = \"1s\"; size = \"1K\";"
	    "rate = \"2M/s\"; mode = \"0600\"; strings = [ ];"
	    "words = ( \"green\", \"red\" ); patterns = \"a*\";"
	    "says = \"%%\"; who = false; argv = \"/a\"; variables = [ ];"
	    "nets = [ \"192.0.2.1\" ]; names = { n = \"m\"; };"
	    "group = { at = \"there\"; };"
	    "groups = ( { at = \"1\"; weight = 1; }, \"2\" );"
	    "map = { one = { at = \"3\"; }; };");
	assert_int_equal(reading.mistakes.count, 0);
	assert_string_equal(all->text, "x");
	assert_string_equal(all->path, "/y");
	assert_int_equal(all->word, 0);
	assert_false(all->truth);
	assert_int_equal(all->integer, 10);
	assert_int_equal(all->count, 9);
	assert_int_equal(all->strings.count, 0);
	assert_int_equal(all->words.count, 2);
	assert_string_equal(all->patterns.items[0], "a*");
	assert_int_equal(all->who.count, 0);
	assert_int_equal(all->argv.count, 1);
	assert_string_equal(tree_get(all->names, "n")->text, "m");
	assert_string_equal(all->group.at, "there");
	items = all->groups.items;
	assert_int_equal(all->groups.count, 2);
	assert_int_equal(items[0].weight, 1);
	assert_string_equal(items[1].at, "2");
	assert_int_equal(items[1].weight, 7);
	items = all->map.items;
	assert_string_equal(all->map.nodes[0]->name, "one");
	assert_string_equal(items[0].at, "3");
	forget(&reading);
}

static void
a_lone_value_stands_for_a_list_of_groups(void **state)
{
	struct reading reading;

	(void)state;
	read_text(&reading, "groups = \"alone\";");
	assert_int_equal(reading.mistakes.count, 0);
	assert_int_equal(reading.all.groups.count, 1);
	assert_string_equal(
	    ((const struct inner *)reading.all.groups.items)->at, "alone");
	forget(&reading);
	read_text(&reading, "groups = { at = \"alone\"; };");
	assert_int_equal(reading.mistakes.count, 0);
	assert_int_equal(reading.all.groups.count, 1);
	forget(&reading);
}

static void
a_value_that_does_not_fit_is_told_with_what_was_expected(void **state)
{
	static const struct {
		const char *text;
		const char *told;
	} wrong[] = {
		{ "txt = \"x\";",
		    "txt: unknown setting (did you mean \"text\"?)" },
		{ "zebra = 1;",
		    "zebra: unknown setting, expected one of: text, path" },
		{ "text = 5;", "text: 5 does not fit, expected a string" },
		{ "path = \"x\";", "path: \"x\" is no absolute path" },
		{ "path = \"/%x\";", "has a \"%\" that is none" },
		{ "word = \"gren\";",
		    "expected \"red\" or \"green\" (did you mean" },
		{ "truth = \"true\";", "expected true or false" },
		{ "truth = 1;", "expected true or false" },
		{ "integer = 11;",
		    "11 is out of range, expected a number from -10 to 10" },
		{ "integer = \"1\";", "\"1\" does not fit" },
		{ "count = 0;", "0 is out of range" },
		{ "count = -1;", "-1 does not fit" },
		{ "count = \"many\";",
		    "expected \"cores\", or a number from 1 to 9" },
		{ "time = 60;",
		    "expected a duration such as \"30s\" from "
		    "1s to 1h" },
		{ "time = \"2h\";", "out of range" },
		{ "size = \"64\";", "expected a size such as \"64M\"" },
		{ "rate = \"64M\";", "expected a rate such as \"20M/s\"" },
		{ "mode = 640;", "expected a mode such as \"0640\"" },
		{ "strings = [ 1 ];", "strings[0]: 1 does not fit" },
		{ "strings = ( [ \"a\" ] );", "a list does not fit" },
		{ "words = [ \"blue\" ];", "is none of these words" },
		{ "patterns = \"[a]\";", "has a bracket" },
		{ "says = \"50%\";", "says: \"50%\" ends in a" },
		{ "who = 1;", "who: 1 does not fit, expected true, false, or" },
		{ "who = [ true ];", "who[0]: true does not fit" },
		{ "who = [ \"a\", \"[\" ];", "who[1]: \"[\" has a bracket" },
		{ "argv = [ ];",
		    "argv: a list is empty, expected a program's" },
		{ "argv = \"x\";", "argv: \"x\" is no absolute path" },
		{ "argv = \"/%u\";", "argv: \"/%u\" is no absolute path" },
		{ "argv = [ \"/a\", \"%x\" ];", "argv[1]: \"%x\" has a \"%\"" },
		{ "argv = [ \"/a\", \"b\\n\" ];", "holds a control character" },
		{ "argv = [ \"/a\", \"b\", \"c\", \"d\" ];",
		    "argv: a list has too many members" },
		{ "variables = \"A\";", "\"A\" is no variable with its value" },
		{ "variables = \"1A=b\";", "is no variable with its value" },
		{ "variables = \"A-B=c\";", "is no variable with its value" },
		{ "variables = \"=c\";", "is no variable with its value" },
		{ "variables = \"A=%\";", "ends in a" },
		{ "nets = \"10.0.0.1/8\";", "bits set past" },
		{ "names = { a = 1; };", "names.a: 1 does not fit" },
		{ "names = \"a\";", "expected strings" },
		{ "group = \"other\";", "\"other\" does not fit" },
		{ "group = { x = 1; };", "group.x: unknown setting" },
		{ "groups = ( { } );", "groups[0]: at is missing" },
		{ "groups = ( ( ) );", "expected a group { }" },
		{ "map = ( );", "expected named groups" },
		{ "map = { a = 1; };", "map.a: 1 does not fit" },
		{ "map = { a = { }; };", "map.a: at is missing" },
		{ "text = 1.5;", "1.5 does not fit" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct reading reading;

		read_text(&reading, wrong[i].text);
		if (reading.mistakes.count != 1 ||
		    strstr(reading.mistakes.items[0].text, wrong[i].told) ==
			NULL)
			fail_msg("%s: %zu: %s", wrong[i].text,
			    reading.mistakes.count,
			    reading.mistakes.count > 0
				? reading.mistakes.items[0].text
				: "");
		forget(&reading);
	}
}

static void
a_check_without_a_target_tells_the_same(void **state)
{
	struct schema_reader reader;
	struct reading reading;

	(void)state;
	read_text(&reading, "");
	reader = (struct schema_reader){
		.arena = &reading.arena,
		.mistakes = &reading.mistakes,
		.file = "test.conf",
	};
	schema_read(&reader, rows, NULL, NULL);
	assert_int_equal(reading.mistakes.count, 0);
	schema_read(&reader, inner_rows, NULL, NULL);
	assert_int_equal(reading.mistakes.count, 1);
	forget(&reading);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_given_has_its_default),
		cmocka_unit_test(what_is_given_is_typed),
		cmocka_unit_test(a_lone_value_stands_for_a_list_of_groups),
		cmocka_unit_test(
		    a_value_that_does_not_fit_is_told_with_what_was_expected),
		cmocka_unit_test(a_check_without_a_target_tells_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
