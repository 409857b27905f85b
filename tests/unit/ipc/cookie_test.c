/* Cookies differ by number and key, and are told from later ones. */
#include "daemon/ipc/cookie.h"

#include "lib/wire/view.h"

#include <sallyport/key.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
a_cookie_is_its_numbers_and_its_keys(void **state)
{
	static const uint8_t keys[2][COOKIE_KEY_LEN] = { { 1 }, { 2 } };
	struct sp_crypto *crypto = sp_crypto_new();
	uint8_t made[4][COOKIE_LEN];

	(void)state;
	assert_non_null(crypto);
	for (size_t i = 0; i < 4; i++) {
		struct sp_view key = view_of(keys[i / 2], COOKIE_KEY_LEN);

		assert_int_equal(
		    cookie_make(crypto, key, 1 + i % 2, made[i]), SP_OK);
		assert_int_equal(made[i][0] & COOKIE_IS_LATER, 0);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(made[i], made[j], COOKIE_LEN);
	}
	sp_crypto_free(crypto);
}

static void
it_is_found_behind_the_number_of_the_message(void **state)
{
	const struct sp_view kexinit = view_of_string("\x14"
						      "0123456789abcdef rest");

	(void)state;
	assert_true(
	    view_equal_string(cookie_of_kexinit(kexinit), "0123456789abcdef"));
	assert_int_equal(
	    cookie_of_kexinit(view_of(kexinit.data, COOKIE_LEN)).len, 0);
	assert_int_equal(cookie_of_kexinit(view_of(NULL, 0)).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_is_its_numbers_and_its_keys),
		cmocka_unit_test(it_is_found_behind_the_number_of_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
