/* One-time codes, by the vectors of RFC 6238, appendix B. */
#include "modules/totp/onetime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct onetime_secret
make_secret(size_t len)
{
	static const char digits[] = "1234567890";
	struct onetime_secret secret = { .len = len };

	for (size_t i = 0; i < len; i++)
		secret.bytes[i] = digits[i % 10];
	return secret;
}

static void
the_vectors_of_the_rfc_are_right(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *sha1, *sha256, *sha512;
	} rows[] = {
		{ 59, "94287082", "46119246", "90693936" },
		{ 1111111109, "07081804", "68084774", "25091201" },
		{ 1111111111, "14050471", "67062674", "99943326" },
		{ 1234567890, "89005924", "91819424", "93441116" },
		{ 2000000000, "69279037", "90698825", "38618901" },
		{ 20000000000, "65353130", "77737706", "47863826" },
	};
	static const size_t lengths[] = { 20, 32, 64 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *const codes[] = { rows[i].sha1, rows[i].sha256,
			rows[i].sha512 };

		for (unsigned hash = 0; hash < 3; hash++) {
			const struct onetime_rules rules = {
				.hash = (enum onetime_hash)hash,
				.digits = 8,
				.period = 30,
			};
			struct onetime_secret secret =
			    make_secret(lengths[hash]);
			uint64_t step = 0;

			assert_true(onetime_find(&secret, &rules,
			    rows[i].seconds, codes[hash], &step));
			assert_true(step == rows[i].seconds / 30);
			assert_false(onetime_find(&secret, &rules,
			    rows[i].seconds, "12345678", &step));
		}
	}
}

static const struct onetime_rules six = {
	.digits = 6, .period = 30, .window = 1
};

/* Of 59 seconds, with six digits: step 1. */
static const char code[] = "287082";

static void
a_window_takes_the_steps_around(void **state)
{
	struct onetime_secret secret = make_secret(20);
	static const uint64_t in[] = { 0, 29, 30, 59, 60, 89 };
	struct onetime_rules none = six;
	uint64_t step;

	(void)state;
	none.window = 0;
	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		step = 99;
		assert_true(onetime_find(&secret, &six, in[i], code, &step));
		assert_true(step == 1);
		assert_int_equal(
		    onetime_find(&secret, &none, in[i], code, &step),
		    in[i] / 30 == 1);
	}
	step = 99;
	assert_false(onetime_find(&secret, &six, 90, code, &step));
	assert_true(step == 99);
}

static void
blanks_in_a_code_are_passed_over_and_nothing_else(void **state)
{
	static const char *const good[] = { "287082", "287 082", " 287082 " };
	static const char *const bad[] = { "", "28708", "2870820", "287-082",
		"28708a", "94287082", "+287082", "287082\n", "      " };
	struct onetime_secret secret = make_secret(20);
	uint64_t step;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(onetime_find(&secret, &six, 59, good[i], &step));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(onetime_find(&secret, &six, 59, bad[i], &step));
}

static void
assert_read(const char *text, bool is_one)
{
	struct onetime_secret secret, wanted = make_secret(20);
	bool is_read = onetime_read_secret(
	    (struct sp_view){ (const uint8_t *)text, strlen(text) }, &secret);

	if (is_read != is_one)
		fail_msg("%s", text);
	if (is_read) {
		assert_int_equal(secret.len, 20);
		assert_memory_equal(secret.bytes, wanted.bytes, 20);
	}
}

static void
a_secret_is_read_as_programs_show_it(void **state)
{
	(void)state;
	assert_read("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", true);
	assert_read("gezd gnbv gy3t qojq gezd gnbv gy3t qojq\r\n", true);
	assert_read(
	    "\n# of alice\n\nGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\"more\n", true);
	assert_read("", false);
	assert_read("# GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n", false);
	assert_read("GEZDGNBV\n", false);
	assert_read("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1\n", false);
	assert_read("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ\n", false);
}

static void
a_secret_that_is_too_long_is_none(void **state)
{
	struct onetime_secret secret;
	char text[ONETIME_TEXT_MAX + 8];

	(void)state;
	memset(text, 'A', sizeof text);
	assert_true(onetime_read_secret(
	    (struct sp_view){ (uint8_t *)text, 200 }, &secret));
	assert_int_equal(secret.len, 125);
	assert_false(onetime_read_secret(
	    (struct sp_view){ (uint8_t *)text, 216 }, &secret));
	assert_false(onetime_read_secret(
	    (struct sp_view){ (uint8_t *)text, sizeof text }, &secret));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_rfc_are_right),
		cmocka_unit_test(a_window_takes_the_steps_around),
		cmocka_unit_test(
		    blanks_in_a_code_are_passed_over_and_nothing_else),
		cmocka_unit_test(a_secret_is_read_as_programs_show_it),
		cmocka_unit_test(a_secret_that_is_too_long_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
