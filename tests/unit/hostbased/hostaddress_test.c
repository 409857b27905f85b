/* Addresses, however they are written. */
#include "modules/hostbased/hostaddress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
an_address_is_the_same_however_it_is_written(void **state)
{
	static const struct {
		const char *word, *address;
		bool is_same;
	} rows[] = {
		{ "192.0.2.7", "192.0.2.7", true },
		{ "::ffff:192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "::ffff:c000:207", true },
		{ "2001:DB8::1", "2001:db8::1", true },
		{ "2001:db8:0:0:0:0:0:1", "2001:db8::1", true },
		{ "192.0.2.7", "192.0.2.8", false },
		{ "192.0.2", "192.0.0.2", false },
		{ "192.0.2.007", "192.0.2.7", false },
		{ "::192.0.2.7", "192.0.2.7", false },
		{ "client.example", "192.0.2.7", false },
		{ "", "192.0.2.7", false },
		{ "192.0.2.7", "", false },
		{ "192.0.2.7/32", "192.0.2.7", false },
		{ "0000:0000:0000:0000:0000:ffff:192.168.100.1000", "::1",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(
		    hostaddress_is(sp_text(rows[i].word), rows[i].address),
		    rows[i].is_same);
}

static void
a_numeric_name_is_no_other_address(void **state)
{
	(void)state;
	assert_int_equal(
	    hostaddress_of("192.0.2.7", "192.0.2.7"), HOSTADDRESS_YES);
	assert_int_equal(
	    hostaddress_of("192.0.2.7", "192.0.2.8"), HOSTADDRESS_NO);
	assert_int_equal(hostaddress_of("::1", "127.0.0.1"), HOSTADDRESS_NO);
}

static void
a_name_has_the_addresses_that_the_resolver_knows(void **state)
{
	(void)state;
	assert_int_equal(
	    hostaddress_of("localhost", "127.0.0.1"), HOSTADDRESS_YES);
	assert_int_equal(
	    hostaddress_of("localhost", "192.0.2.7"), HOSTADDRESS_NO);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_the_same_however_it_is_written),
		cmocka_unit_test(a_numeric_name_is_no_other_address),
		cmocka_unit_test(
		    a_name_has_the_addresses_that_the_resolver_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
