/* What a module says about itself survives the way, whole or not at all. */
#include "daemon/modload/description.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = { "one", "two", NULL };
static const struct schema_row inner[] = {
	{ .name = "argv",
	    .type = SCHEMA_ARGV,
	    .min = 1,
	    .meaning = "a program" },
	{ .name = NULL },
};
static const struct schema_row rows[] = {
	{ .name = "file",
	    .type = SCHEMA_PATHS,
	    .dflt = "%h/x",
	    .meaning = "files" },
	{ .name = "count",
	    .type = SCHEMA_INTEGER,
	    .min = -3,
	    .max = 9,
	    .meaning = "a count" },
	{ .name = "kind",
	    .type = SCHEMA_WORD,
	    .dflt = "two",
	    .words = words,
	    .meaning = "a kind" },
	{ .name = "groups",
	    .type = SCHEMA_GROUPS,
	    .dflt = "",
	    .group = inner,
	    .meaning = "groups" },
	{ .name = NULL },
};
static const struct description sample = { .serves = "publickey",
	.rows = rows };

static void
encode(const struct description *description, struct buffer *out)
{
	buffer_init(out, DESCRIPTION_MAX);
	assert_int_equal(description_encode(description, out), SP_OK);
}

static void
what_is_encoded_is_decoded(void **state)
{
	struct description got;
	struct buffer bytes;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	encode(&sample, &bytes);
	assert_int_equal(
	    description_decode(buffer_view(&bytes), &arena, &got), SP_OK);
	assert_null(got.problem);
	assert_string_equal(got.serves, "publickey");
	assert_string_equal(got.rows[0].name, "file");
	assert_string_equal(got.rows[0].dflt, "%h/x");
	assert_null(got.rows[1].dflt);
	assert_true(got.rows[1].min == -3 && got.rows[1].max == 9);
	assert_string_equal(got.rows[2].words[1], "two");
	assert_null(got.rows[2].words[2]);
	assert_null(got.rows[2].group);
	assert_int_equal(got.rows[3].type, SCHEMA_GROUPS);
	assert_string_equal(got.rows[3].group[0].name, "argv");
	assert_int_equal(got.rows[3].group[0].type, SCHEMA_ARGV);
	assert_null(got.rows[3].group[1].name);
	assert_null(got.rows[4].name);
	buffer_clear(&bytes);
	arena_clear(&arena);
}

static void
a_problem_stands_for_all_the_rest(void **state)
{
	const struct description problem = { .problem = "no such module" };
	struct description got;
	struct buffer bytes;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	encode(&problem, &bytes);
	assert_int_equal(
	    description_decode(buffer_view(&bytes), &arena, &got), SP_OK);
	assert_string_equal(got.problem, "no such module");
	assert_null(got.rows[0].name);
	buffer_clear(&bytes);
	arena_clear(&arena);
}

static void
every_truncation_and_a_trailing_byte_are_refused(void **state)
{
	struct description got;
	struct buffer bytes;
	struct arena arena;
	struct sp_view whole;

	(void)state;
	arena_init(&arena);
	encode(&sample, &bytes);
	whole = buffer_view(&bytes);
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(
		    description_decode(view_of(whole.data, len), &arena, &got),
		    SP_ERR_FORMAT);
	assert_int_equal(buffer_append(&bytes, view_of("", 1)), SP_OK);
	assert_int_equal(description_decode(buffer_view(&bytes), &arena, &got),
	    SP_ERR_TRAILING);
	buffer_clear(&bytes);
	arena_clear(&arena);
}

static void
counts_past_their_limits_are_refused(void **state)
{
	/* No problem, serves nothing, and four milliards of rows. */
	static const uint8_t many_rows[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff, 0xff, 0xff };
	struct description got;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_int_equal(
	    description_decode(
		view_of(many_rows, sizeof many_rows), &arena, &got),
	    SP_ERR_FORMAT);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(a_problem_stands_for_all_the_rest),
		cmocka_unit_test(
		    every_truncation_and_a_trailing_byte_are_refused),
		cmocka_unit_test(counts_past_their_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
