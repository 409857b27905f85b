/* Times, as files of keys have them. */
#include "daemon/session/expirytime.h"

#include <stdio.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
a_time_is_of_this_zone_or_of_utc(void **state)
{
	static const struct {
		const char *text;
		uint64_t utc;
	} rows[] = {
		{ "20300102", 1893542400 },
		{ "203001020304", 1893553440 },
		{ "20300102030405", 1893553445 },
		{ "20240229", 1709164800 },
	};
	char text[32];
	uint64_t seconds;

	(void)state;
	setenv("TZ", "EAST-5", 1);
	tzset();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(expirytime_parse(rows[i].text, &seconds));
		assert_int_equal(seconds, rows[i].utc - 5 * 3600);
		snprintf(text, sizeof text, "%sZ", rows[i].text);
		assert_true(expirytime_parse(text, &seconds));
		assert_int_equal(seconds, rows[i].utc);
	}
}

static void
what_no_calendar_has_is_no_time(void **state)
{
	static const char *const texts[] = { "", "Z", "2030010", "203001020",
		"20301301", "20300001", "20300132", "20300100", "20230229",
		"203001022400", "203001020060", "20300102030460", "20300102z",
		"20300102ZZ", "20300102 ", " 20300102", "+2030010", "20300102.",
		"203001020304050", "19700101Z", "19000101Z" };
	uint64_t seconds = 7;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (expirytime_parse(texts[i], &seconds))
			fail_msg("%s", texts[i]);
		assert_int_equal(seconds, 7);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_of_this_zone_or_of_utc),
		cmocka_unit_test(what_no_calendar_has_is_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
