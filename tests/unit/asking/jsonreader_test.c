/* JSON is read strictly, and written so that it can be read. */
#include "modules/asking/jsonreader.h"

#include "modules/asking/jsonwriter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sp_view
text_of(const char *text)
{
	return (struct sp_view){ (const uint8_t *)text, strlen(text) };
}

/* {"a":"...","b":7,"c":true,"d":{"e":"f"}}: whether all of it is there. */
static bool
read_all(struct sp_view text, char a[16])
{
	struct jsonobject whole = { false }, inner = { false };
	char name[JSONREADER_NAME_SIZE], e[8];
	struct jsonreader r;
	unsigned seen = 0;

	jsonreader_init(&r, text);
	while (jsonreader_next(&r, &whole, name)) {
		if (strcmp(name, "a") == 0) {
			jsonreader_string(&r, a, 16);
			seen |= 1;
		} else if (strcmp(name, "b") == 0) {
			seen |= jsonreader_number(&r) == 7 ? 2 : 0;
		} else if (strcmp(name, "c") == 0) {
			seen |= jsonreader_bool(&r) ? 4 : 0;
		} else {
			assert_true(!r.failed);
			while (jsonreader_next(&r, &inner, name)) {
				jsonreader_string(&r, e, sizeof e);
				seen |= strcmp(e, "f") == 0 ? 8 : 0;
			}
		}
	}
	return jsonreader_end(&r) && seen == 15;
}

static const char sample[] =
    " { \"a\" : \"x\\u00e9\\n\" ,\"b\":7,\"c\":true, \"d\":{\"e\":\"f\"}}\r\n";

static void
an_object_is_read_whole_or_not_at_all(void **state)
{
	size_t len = strlen(sample);
	char a[16], copy[sizeof sample + 1];

	(void)state;
	assert_true(read_all(text_of(sample), a));
	assert_string_equal(a, "x\xc3\xa9\n");
	/* Every truncation up to its last brace, on memory that ends there. */
	for (size_t i = 0; i < len - 2; i++) {
		uint8_t *end = malloc(i + 1);

		assert_non_null(end);
		memcpy(end, sample, i);
		assert_false(read_all((struct sp_view){ end, i }, a));
		free(end);
	}
	snprintf(copy, sizeof copy, "%s}", sample);
	assert_false(read_all(text_of(copy), a));
}

static bool
read_string(const char *json, char *room, size_t size)
{
	struct jsonreader r;

	jsonreader_init(&r, text_of(json));
	jsonreader_string(&r, room, size);
	return jsonreader_end(&r);
}

static void
strings_are_utf8_without_nul_and_fit(void **state)
{
	static const struct {
		const char *json, *text;
	} good[] = {
		{ "\"\"", "" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\\u00fc\\u20ac\"", "A\xc3\xbc\xe2\x82\xac" },
		{ "\"\\ud83d\\uDE00\"", "\xf0\x9f\x98\x80" },
		{ "\"\xf0\x9f\x98\x80\x7f\"", "\xf0\x9f\x98\x80\x7f" },
	};
	static const char *const bad[] = { "", "\"", "\"a", "a", "\"\\\"",
		"\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"",
		"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
		"\"\\ud800x\"", "\"\n\"", "\"\t\"", "\"\xff\"", "\"\xc0\x80\"",
		"\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"",
		"\"a\"b", "'a'", "\"\\U0041\"", "\"0123456789abcdef\"" };
	char room[16];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(read_string(good[i].json, room, sizeof room));
		assert_string_equal(room, good[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(read_string(bad[i], room, sizeof room));
	}
	assert_true(read_string("\"0123456789abcde\"", room, sizeof room));
}

static bool
read_number(const char *json, uint64_t *value)
{
	struct jsonreader r;

	jsonreader_init(&r, text_of(json));
	*value = jsonreader_number(&r);
	return jsonreader_end(&r);
}

static void
numbers_are_whole_and_not_too_large(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", "01", "1.0", "1e3",
		"0x1", "9007199254740993", "18446744073709551617",
		"99999999999999999999999999", "\"1\"", "true", "1 2" };
	uint64_t value;

	(void)state;
	assert_true(read_number(" 0 ", &value) && value == 0);
	assert_true(read_number("9007199254740992", &value));
	assert_int_equal(value, 9007199254740992u);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(read_number(bad[i], &value));
}

static void
objects_have_commas_where_they_belong(void **state)
{
	static const char *const bad[] = { "{,\"b\":7}", "{\"b\":7,}",
		"{\"b\" 7}", "{\"b\":7 \"b\":7}", "{b:7}", "[]", "null", "",
		"{\"b\":7", "{\"\\u0000\":7}", "{\"b\":tru}", "{\"b\":[7]}" };
	char a[16];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(read_all(text_of(bad[i]), a));
}

static void
what_is_written_is_read(void **state)
{
	struct jsonwriter w;
	char room[128], a[16];
	size_t len;

	(void)state;
	jsonwriter_begin(&w, room, sizeof room);
	jsonwriter_string(&w, "a", "\"\\\x01\x7f\n\xc3\xbc");
	jsonwriter_number(&w, "b", 7);
	jsonwriter_bool(&w, "c", true);
	len = jsonwriter_end(&w);
	assert_true(len > 0 && room[len - 1] == '\n');
	/* On one line, whatever is in it. */
	assert_null(memchr(room, '\n', len - 1));
	memcpy(&room[len - 2], ",\"d\":{\"e\":\"f\"}}", 16);
	assert_true(read_all(text_of(room), a));
	assert_string_equal(a, "\"\\\x01\x7f\n\xc3\xbc");
}

static void
what_does_not_fit_or_is_no_text_is_not_written(void **state)
{
	struct jsonwriter w;
	char room[32];

	(void)state;
	for (size_t size = 0; size < 15; size++) {
		jsonwriter_begin(&w, room, size);
		jsonwriter_string(&w, "abc", "defg");
		assert_int_equal(jsonwriter_end(&w), size == 15 ? 15 : 0);
	}
	jsonwriter_begin(&w, room, sizeof room);
	jsonwriter_string(&w, "a", "\xff");
	assert_int_equal(jsonwriter_end(&w), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_read_whole_or_not_at_all),
		cmocka_unit_test(strings_are_utf8_without_nul_and_fit),
		cmocka_unit_test(numbers_are_whole_and_not_too_large),
		cmocka_unit_test(objects_have_commas_where_they_belong),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(
		    what_does_not_fit_or_is_no_text_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
