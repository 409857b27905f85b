/* Numbers with units: what they mean, and what is none. */
#include "daemon/config/unit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
	const char *text;
	bool good;
	uint64_t value;
};

static void
check(bool (*parse)(const char *, uint64_t *), const struct row *rows,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 77;

		if (parse(rows[i].text, &value) != rows[i].good)
			fail_msg("\"%s\" misjudged", rows[i].text);
		assert_true(value == (rows[i].good ? rows[i].value : 77));
	}
}

#define CHECK(parse, rows) check(parse, rows, sizeof rows / sizeof rows[0])

static void
a_duration_is_a_number_and_its_unit(void **state)
{
	static const struct row rows[] = {
		{ "0", true, 0 },
		{ "0s", true, 0 },
		{ "500ms", true, 500 },
		{ "30s", true, 30000 },
		{ "15m", true, 900000 },
		{ "8h", true, 28800000 },
		{ "2d", true, 172800000 },
		{ "1w", true, 604800000 },
		{ "18446744073709551615ms", true, UINT64_MAX },
		{ "18446744073709551616ms", false, 0 },
		{ "18446744073709551615s", false, 0 },
		{ "30", false, 0 },
		{ "s", false, 0 },
		{ "", false, 0 },
		{ "-1s", false, 0 },
		{ "+1s", false, 0 },
		{ " 1s", false, 0 },
		{ "1s ", false, 0 },
		{ "1 s", false, 0 },
		{ "1.5h", false, 0 },
		{ "1S", false, 0 },
		{ "1h30m", false, 0 },
	};

	(void)state;
	CHECK(unit_parse_time, rows);
}

static void
a_size_counts_in_powers_of_1024(void **state)
{
	static const struct row rows[] = {
		{ "0", true, 0 },
		{ "1B", true, 1 },
		{ "4K", true, 4096 },
		{ "64M", true, 67108864 },
		{ "50G", true, 53687091200 },
		{ "16777215T", true, UINT64_C(0xffffff0000000000) },
		{ "16777216T", false, 0 },
		{ "64", false, 0 },
		{ "64m", false, 0 },
		{ "64MB", false, 0 },
	};

	(void)state;
	CHECK(unit_parse_size, rows);
}

static void
a_rate_is_a_size_a_second(void **state)
{
	static const struct row rows[] = {
		{ "0", true, 0 },
		{ "20M/s", true, 20971520 },
		{ "512B/s", true, 512 },
		{ "20M", false, 0 },
		{ "20M/m", false, 0 },
		{ "20M/", false, 0 },
	};

	(void)state;
	CHECK(unit_parse_rate, rows);
}

static void
a_number_has_digits_alone(void **state)
{
	static const struct row rows[] = {
		{ "0", true, 0 },
		{ "22", true, 22 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "0x16", false, 0 },
		{ "22 ", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	CHECK(unit_parse_number, rows);
}

static void
a_mode_has_three_or_four_octal_digits(void **state)
{
	static const char *const wrong[] = { "", "64", "0648", "00640", "rw",
		"0o640", "-640" };
	unsigned mode = 0;

	(void)state;
	assert_true(unit_parse_mode("0640", &mode));
	assert_int_equal(mode, 0640);
	assert_true(unit_parse_mode("777", &mode));
	assert_int_equal(mode, 0777);
	assert_true(unit_parse_mode("7777", &mode));
	assert_int_equal(mode, 07777);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(unit_parse_mode(wrong[i], &mode));
	assert_int_equal(mode, 07777);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_is_a_number_and_its_unit),
		cmocka_unit_test(a_size_counts_in_powers_of_1024),
		cmocka_unit_test(a_rate_is_a_size_a_second),
		cmocka_unit_test(a_number_has_digits_alone),
		cmocka_unit_test(a_mode_has_three_or_four_octal_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
