/* Options as words of a command line. */
#include "cli/modtest/assignment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct conf {
	const char *text;
	bool flag;
	int64_t number;
	uint64_t time;
	struct string_list list;
	struct string_list who;
};

static const struct schema_row rows[] = {
	{ .name = "text",
	    .type = SCHEMA_STRING,
	    .offset = offsetof(struct conf, text),
	    .dflt = "plain" },
	{ .name = "flag",
	    .type = SCHEMA_BOOL,
	    .offset = offsetof(struct conf, flag),
	    .dflt = "false" },
	{ .name = "number",
	    .type = SCHEMA_INTEGER,
	    .offset = offsetof(struct conf, number),
	    .dflt = "5" },
	{ .name = "time",
	    .type = SCHEMA_TIME,
	    .offset = offsetof(struct conf, time),
	    .dflt = "1s" },
	{ .name = "list",
	    .type = SCHEMA_STRINGS,
	    .offset = offsetof(struct conf, list),
	    .dflt = "" },
	{ .name = "who",
	    .type = SCHEMA_WHO,
	    .offset = offsetof(struct conf, who),
	    .dflt = "false" },
	SCHEMA_END,
};

struct reading {
	struct arena arena;
	struct mistakes mistakes;
	struct conf conf;
};

/* Reads the words, and what they say where they are good. */
static bool
read_words(struct reading *r, char *const words[], size_t count)
{
	struct schema_reader reader = {
		.arena = &r->arena,
		.mistakes = &r->mistakes,
		.file = "options",
	};
	struct tree_node *group;

	*r = (struct reading){ .conf = { .number = 0 } };
	arena_init(&r->arena);
	mistake_init(&r->mistakes);
	group = assignment_read(&r->arena, rows, words, count, &r->mistakes);
	if (group == NULL)
		return false;
	schema_read(&reader, rows, group, &r->conf);
	return r->mistakes.count == 0;
}

static void
forget(struct reading *r)
{
	mistake_clear(&r->mistakes);
	arena_clear(&r->arena);
}

static void
each_type_is_written_without_quotes(void **state)
{
	char *const words[] = { "text=a \"b\" \\ c=d\n", "flag=true",
		"number=-7", "time=2m", "list=alone", "who=true" };
	struct reading r;

	(void)state;
	assert_true(read_words(&r, words, 6));
	assert_string_equal(r.conf.text, "a \"b\" \\ c=d\n");
	assert_true(r.conf.flag);
	assert_int_equal(r.conf.number, -7);
	assert_int_equal(r.conf.time, 120000);
	assert_int_equal(r.conf.list.count, 1);
	assert_string_equal(r.conf.who.items[0], "**");
	forget(&r);
}

static void
a_text_may_look_like_a_number_and_may_be_empty(void **state)
{
	char *const words[] = { "text=12", "list=[ \"a\", \"b\" ]" };
	char *const empty[] = { "text=" };
	struct reading r;

	(void)state;
	assert_true(read_words(&r, words, 2));
	assert_string_equal(r.conf.text, "12");
	assert_int_equal(r.conf.list.count, 2);
	assert_string_equal(r.conf.list.items[1], "b");
	forget(&r);
	assert_true(read_words(&r, empty, 1));
	assert_string_equal(r.conf.text, "");
	forget(&r);
}

static void
the_last_of_a_name_holds(void **state)
{
	char *const words[] = { "text=a", "text=b" };
	struct reading r;

	(void)state;
	assert_true(read_words(&r, words, 2));
	assert_string_equal(r.conf.text, "b");
	forget(&r);
}

static void
what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *word;
		const char *told;
	} cases[] = {
		{ "text", "name=value" },
		{ "=x", "name=value" },
		{ "a b=x", "name=value" },
		{ "a;b=x", "name=value" },
		{ "1=x", "name=value" },
		{ "an_unknown-1=x", "unknown" },
		{ "numbr=3", "number" },
		{ "number=x; flag = true", "number" },
		{ "number=99999999999999999999", "number" },
		{ "flag=maybe", "flag" },
		{ "list=[ \"a\"", "" },
		{ "list={ a = 1; }", "list" },
	};
	struct reading r;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *word = strdup(cases[i].word);

		assert_false(read_words(&r, &word, 1));
		assert_true(r.mistakes.count > 0);
		assert_non_null(
		    strstr(r.mistakes.items[0].text, cases[i].told));
		forget(&r);
		free(word);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_is_written_without_quotes),
		cmocka_unit_test(
		    a_text_may_look_like_a_number_and_may_be_empty),
		cmocka_unit_test(the_last_of_a_name_holds),
		cmocka_unit_test(what_is_wrong_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
