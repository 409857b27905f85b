/* Forms: a field of each type, ranges, and what is reserved. */
#include "lib/connection/form.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct values {
	bool flag;
	uint32_t number;
	struct sp_view text;
	uint32_t port;
	struct sp_view rest;
};

static const struct form forms[] = {
	[1] = FORM_ASKED("all", FORM_A_BOOL(struct values, flag),
	    FORM_A_NUMBER(struct values, number),
	    FORM_A_STRING(struct values, text),
	    FORM_A_PORT(struct values, port), FORM_A_REST(struct values, rest)),
	[2] = FORM_TOLD("none", FORM_NOTHING),
	[3] = FORM_ASKED("reserved", FORM_RESERVED(STRING),
	    FORM_RESERVED(NUMBER), FORM_A_STRING(struct values, text)),
	[4] = FORM_ASKED("narrow", FORM_BETWEEN(struct values, number, 3, 5)),
};

enum { FORMS = sizeof forms / sizeof forms[0] };

static const char all[] = "\1\xff\xff\xff\xff\0\0\0\2ab\0\0\xff\xffrest";

static void
every_type_of_field_is_written_and_read(void **state)
{
	const struct values values = { true, UINT32_MAX, sp_text("ab"), 65535,
		sp_text("rest") };
	struct values got = { .flag = false };
	struct buffer b;
	struct writer w;

	(void)state;
	buffer_init(&b, 64);
	writer_init(&w, &b);
	form_write(&forms[1], &values, &w);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_true(view_equal(buffer_view(&b), view_of(all, sizeof all - 1)));
	assert_int_equal(form_read(&forms[1], buffer_view(&b), &got), SP_OK);
	assert_true(got.flag);
	assert_int_equal(got.number, UINT32_MAX);
	assert_true(sp_view_is(got.text, "ab"));
	assert_int_equal(got.port, 65535);
	assert_true(sp_view_is(got.rest, "rest"));
	buffer_clear(&b);
}

static void
a_form_is_found_by_its_name(void **state)
{
	(void)state;
	assert_int_equal(form_find(forms, FORMS, sp_text("all")), 1);
	assert_int_equal(form_find(forms, FORMS, sp_text("narrow")), 4);
	assert_int_equal(form_find(forms, FORMS, sp_text("narrowe")), 0);
	assert_int_equal(form_find(forms, FORMS, sp_text("narro")), 0);
	assert_int_equal(form_find(forms, FORMS, sp_text("")), 0);
	assert_ptr_equal(form_at(forms, FORMS, 2), &forms[2]);
	assert_null(form_at(forms, FORMS, 0));
	assert_null(form_at(forms, FORMS, FORMS));
}

static void
what_is_not_known_is_not_read(void **state)
{
	struct values got = { .number = 7 };

	(void)state;
	assert_int_equal(form_read(&forms[0], sp_text("any"), &got), SP_OK);
	assert_int_equal(got.number, 7);
}

static void
nothing_is_just_that(void **state)
{
	struct values got = { .number = 7 };

	(void)state;
	assert_int_equal(form_read(&forms[2], sp_text(""), &got), SP_OK);
	assert_int_equal(
	    form_read(&forms[2], sp_text("x"), &got), SP_ERR_TRAILING);
	assert_true(forms[2].has_no_reply);
}

static void
what_is_reserved_is_sent_empty_and_not_looked_at(void **state)
{
	static const char empty[] = "\0\0\0\0\0\0\0\0\0\0\0\1a";
	static const char full[] = "\0\0\0\2xy\1\2\3\4\0\0\0\1a";
	const struct values values = { .text = sp_text("a") };
	struct values got = { .number = 7 };
	struct buffer b;
	struct writer w;

	(void)state;
	buffer_init(&b, 64);
	writer_init(&w, &b);
	form_write(&forms[3], &values, &w);
	assert_true(
	    view_equal(buffer_view(&b), view_of(empty, sizeof empty - 1)));
	assert_int_equal(
	    form_read(&forms[3], view_of(full, sizeof full - 1), &got), SP_OK);
	assert_true(sp_view_is(got.text, "a"));
	assert_int_equal(got.number, 7);
	buffer_clear(&b);
}

static void
a_number_keeps_to_its_range_both_ways(void **state)
{
	(void)state;
	for (uint32_t number = 0; number < 9; number++) {
		const struct values values = { .number = number };
		bool is_good = number >= 3 && number <= 5;
		const uint8_t bytes[] = { 0, 0, 0, (uint8_t)number };
		struct values got;
		struct buffer b;
		struct writer w;

		buffer_init(&b, 64);
		writer_init(&w, &b);
		form_write(&forms[4], &values, &w);
		assert_int_equal(
		    writer_finish(&w), is_good ? SP_OK : SP_ERR_ARGUMENT);
		assert_int_equal(
		    form_read(&forms[4], view_of(bytes, sizeof bytes), &got),
		    is_good ? SP_OK : SP_ERR_FORMAT);
		buffer_clear(&b);
	}
}

static void
a_form_of_bytes_is_those_bytes(void **state)
{
	const struct form form = form_of_bytes("any");
	struct sp_view bytes = sp_text("bytes"), got;
	struct buffer b;
	struct writer w;

	(void)state;
	buffer_init(&b, 64);
	writer_init(&w, &b);
	form_write(&form, &bytes, &w);
	assert_true(sp_view_is(buffer_view(&b), "bytes"));
	assert_int_equal(form_read(&form, buffer_view(&b), &got), SP_OK);
	assert_true(sp_view_is(got, "bytes"));
	assert_false(form.has_no_reply);
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_field_is_written_and_read),
		cmocka_unit_test(a_form_is_found_by_its_name),
		cmocka_unit_test(what_is_not_known_is_not_read),
		cmocka_unit_test(nothing_is_just_that),
		cmocka_unit_test(
		    what_is_reserved_is_sent_empty_and_not_looked_at),
		cmocka_unit_test(a_number_keeps_to_its_range_both_ways),
		cmocka_unit_test(a_form_of_bytes_is_those_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
