/* Key exchange methods by name. */
#include "lib/transport/kexmethod.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
each_row_is_found_by_its_name(void **state)
{
	enum algorithm_set set;
	const char *name;
	size_t n = 0;

	(void)state;
	for (; (name = kexmethod_row(n, &set)) != NULL; n++) {
		const struct kex_method *method =
		    kexmethod_find(view_of_string(name));

		assert_non_null(method);
		assert_ptr_equal(method->name, name);
		assert_int_equal(method->set, set);
		assert_true(method->cost_us > 0);
	}
	assert_true(n >= 2);
}

static void
another_name_is_none(void **state)
{
	static const char *const names[] = { "", "curve25519",
		"curve25519-sha256 ", "CURVE25519-SHA256", "none",
		"curve25519-sha256,curve25519-sha256", "ext-info-c" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_null(kexmethod_find(view_of_string(names[i])));
	assert_null(kexmethod_find(view_of(NULL, 0)));
}

static void
check_value(bool is_mpint, struct sp_view value, struct sp_view wire)
{
	struct agreement agreement = { .values_are_mpints = is_mpint };
	struct kex_method method = { .agreement = &agreement };
	struct buffer b;
	struct reader r;
	struct writer w;

	buffer_init(&b, 64);
	writer_init(&w, &b);
	kexmethod_write_value(&w, &method, value);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_true(view_equal(buffer_view(&b), wire));
	reader_init(&r, wire);
	assert_true(view_equal(kexmethod_read_value(&r, &method), value));
	assert_int_equal(reader_finish(&r), SP_OK);
	buffer_clear(&b);
}

static void
a_value_is_a_number_or_a_string_as_the_method_has_it(void **state)
{
	(void)state;
	check_value(true, view_of("\x80\1", 2), view_of("\0\0\0\3\0\x80\1", 7));
	check_value(true, view_of("", 0), view_of("\0\0\0\0", 4));
	check_value(
	    false, view_of("\0\x80\1", 3), view_of("\0\0\0\3\0\x80\1", 7));
}

static void
numbers_are_minimal_and_not_negative(void **state)
{
	static const struct sp_view bad[] = {
		{ (const uint8_t *)"\0\0\0\1\x80", 5 },
		{ (const uint8_t *)"\0\0\0\1\0", 5 },
		{ (const uint8_t *)"\0\0\0\2\0\x7f", 6 },
		{ (const uint8_t *)"\0\0\0\2\xff\xff", 6 },
	};
	struct agreement agreement = { .values_are_mpints = true };
	struct kex_method method = { .agreement = &agreement };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct reader r;

		reader_init(&r, bad[i]);
		kexmethod_read_value(&r, &method);
		assert_int_equal(reader_finish(&r), SP_ERR_FORMAT);
	}
}

static void
check_shared(bool is_string, struct sp_view secret, struct sp_view wire)
{
	struct agreement agreement = { .secret_is_string = is_string };
	struct kex_method method = { .agreement = &agreement };
	struct buffer b;
	struct writer w;

	buffer_init(&b, 64);
	writer_init(&w, &b);
	kexmethod_write_shared(&w, &method, secret);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_true(view_equal(buffer_view(&b), wire));
	buffer_clear(&b);
}

static void
a_secret_is_a_number_or_a_string_as_the_method_has_it(void **state)
{
	(void)state;
	check_shared(
	    false, view_of("\0\0\x80\1", 4), view_of("\0\0\0\3\0\x80\1", 7));
	check_shared(false, view_of("\0\x7f", 2), view_of("\0\0\0\1\x7f", 5));
	check_shared(
	    true, view_of("\0\0\x80\1", 4), view_of("\0\0\0\4\0\0\x80\1", 8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_found_by_its_name),
		cmocka_unit_test(another_name_is_none),
		cmocka_unit_test(
		    a_value_is_a_number_or_a_string_as_the_method_has_it),
		cmocka_unit_test(numbers_are_minimal_and_not_negative),
		cmocka_unit_test(
		    a_secret_is_a_number_or_a_string_as_the_method_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
