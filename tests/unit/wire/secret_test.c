/* Secrets: owned, replaced, wiped. */
#include "lib/wire/secret.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
a_new_secret_is_zero(void **unused)
{
	static const uint8_t zeros[32];
	struct secret s = { NULL, 0 };

	(void)unused;
	assert_int_equal(secret_alloc(&s, sizeof zeros), SP_OK);
	assert_int_equal(s.len, sizeof zeros);
	assert_memory_equal(s.data, zeros, sizeof zeros);
	secret_clear(&s);
	assert_null(s.data);
	assert_int_equal(s.len, 0);
	secret_clear(&s);
}

static void
a_secret_owns_a_copy(void **unused)
{
	uint8_t bytes[] = { 1, 2, 3 };
	struct secret s = { NULL, 0 };

	(void)unused;
	assert_int_equal(secret_copy(&s, view_of(bytes, sizeof bytes)), SP_OK);
	bytes[0] = 9;
	assert_true(view_equal(secret_view(&s), view_of("\1\2\3", 3)));
	secret_clear(&s);
}

static void
a_secret_may_be_replaced_by_a_part_of_itself(void **unused)
{
	struct secret s = { NULL, 0 };

	(void)unused;
	assert_int_equal(secret_copy(&s, view_of("abc", 3)), SP_OK);
	assert_int_equal(secret_copy(&s, view_of(s.data + 1, 2)), SP_OK);
	assert_true(view_equal_string(secret_view(&s), "bc"));
	assert_int_equal(secret_alloc(&s, 4), SP_OK);
	assert_true(view_equal(secret_view(&s), view_of("\0\0\0\0", 4)));
	secret_clear(&s);
}

static void
a_secret_of_no_bytes_is_a_secret(void **unused)
{
	struct secret s = { NULL, 0 };

	(void)unused;
	assert_int_equal(secret_copy(&s, view_of(NULL, 0)), SP_OK);
	assert_int_equal(s.len, 0);
	assert_non_null(s.data);
	secret_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_secret_is_zero),
		cmocka_unit_test(a_secret_owns_a_copy),
		cmocka_unit_test(a_secret_may_be_replaced_by_a_part_of_itself),
		cmocka_unit_test(a_secret_of_no_bytes_is_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
