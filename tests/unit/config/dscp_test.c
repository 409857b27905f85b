/* Names for what packets say of themselves. */
#include "daemon/config/dscp.h"

#include <netinet/ip.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
names_are_those_of_the_system(void **state)
{
	static const struct {
		const char *name;
		unsigned value;
	} rows[] = {
		{ "af11", IPTOS_DSCP_AF11 },
		{ "af13", IPTOS_DSCP_AF13 },
		{ "af21", IPTOS_DSCP_AF21 },
		{ "af32", IPTOS_DSCP_AF32 },
		{ "af43", IPTOS_DSCP_AF43 },
		{ "cs0", IPTOS_CLASS_CS0 },
		{ "cs1", IPTOS_CLASS_CS1 },
		{ "cs7", IPTOS_CLASS_CS7 },
		{ "ef", IPTOS_DSCP_EF },
		{ "lowdelay", IPTOS_LOWDELAY },
		{ "throughput", IPTOS_THROUGHPUT },
		{ "reliability", IPTOS_RELIABILITY },
		{ "none", DSCP_NONE },
		{ "0", 0 },
		{ "255", 255 },
	};
	uint16_t value;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!dscp_parse(rows[i].name, &value))
			fail_msg("%s is none", rows[i].name);
		assert_int_equal(value, rows[i].value);
	}
}

static void
all_else_is_refused(void **state)
{
	static const char *const texts[] = { "", "af1", "af44", "AF21", "cs8",
		"256", "-1", "0x10", "ef ", "af21 cs1" };
	uint16_t value = 7;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (dscp_parse(texts[i], &value))
			fail_msg("\"%s\" is one", texts[i]);
	assert_int_equal(value, 7);
}

static void
values_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(dscp_name(IPTOS_DSCP_AF21), "af21");
	assert_string_equal(dscp_name(DSCP_NONE), "none");
	assert_string_equal(dscp_name(253), "253");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_system),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(values_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
