/* Whom a list of addresses lets through. */
#include "daemon/config/sourcelist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *list;
	const char *address;
	enum sourcelist_fit fit;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1", SOURCELIST_FITS },
	{ "192.0.2.1", "192.0.2.10", SOURCELIST_OTHERS },
	{ "192.0.2.0/24", "192.0.2.77", SOURCELIST_FITS },
	{ "192.0.2.0/24", "::ffff:192.0.2.77", SOURCELIST_FITS },
	{ "192.0.2.0/24", "192.0.3.77", SOURCELIST_OTHERS },
	{ "2001:db8::/32", "2001:db8::1", SOURCELIST_FITS },
	{ "2001:DB8:0::1", "2001:db8::1", SOURCELIST_FITS },
	{ "10.*", "10.1.2.3", SOURCELIST_FITS },
	{ "10.?.2.3", "10.1.2.3", SOURCELIST_FITS },
	{ "10.?.2.3", "10.11.2.3", SOURCELIST_OTHERS },
	{ "*", "2001:db8::1", SOURCELIST_FITS },
	{ "::1,10.0.0.0/8", "10.1.2.3", SOURCELIST_FITS },
	/* What is kept out stays out, before and behind. */
	{ "!10.1.2.3,10.*", "10.1.2.3", SOURCELIST_OTHERS },
	{ "10.*,!10.1.2.3", "10.1.2.3", SOURCELIST_OTHERS },
	{ "10.*,!10.1.0.0/16", "10.2.2.3", SOURCELIST_FITS },
	{ "!10.1.2.3", "10.1.2.4", SOURCELIST_OTHERS },
	/* Names are not looked up. */
	{ "*.example.com", "10.1.2.3", SOURCELIST_OTHERS },
	{ "host-1.example.com,10.*", "10.1.2.3", SOURCELIST_FITS },
	{ "!host.example.com,*", "10.1.2.3", SOURCELIST_BROKEN },
	/* What is none spoils the list, wherever it stands. */
	{ "", "10.1.2.3", SOURCELIST_BROKEN },
	{ ",10.*", "10.1.2.3", SOURCELIST_BROKEN },
	{ "10.*,", "10.1.2.3", SOURCELIST_BROKEN },
	{ "10.*,,::1", "10.1.2.3", SOURCELIST_BROKEN },
	{ "!", "10.1.2.3", SOURCELIST_BROKEN },
	{ "10.*,10.0.0.0/33", "10.1.2.3", SOURCELIST_BROKEN },
	{ "10.*,10.0.0.1/8", "10.1.2.3", SOURCELIST_BROKEN },
	{ "10.*, 10.0.0.1", "10.1.2.3", SOURCELIST_BROKEN },
	{ "10.0.0.0/", "10.1.2.3", SOURCELIST_BROKEN },
	{ "10.*,[ab]", "10.1.2.3", SOURCELIST_BROKEN },
};

static void
a_list_lets_through_who_is_in_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cidr_address address;

		assert_true(cidr_parse_address(rows[i].address, &address));
		if (sourcelist_match(rows[i].list, &address) != rows[i].fit)
			fail_msg("%s, %s", rows[i].list, rows[i].address);
	}
}

static void
a_plain_list_has_no_patterns(void **state)
{
	(void)state;
	assert_true(sourcelist_is_plain("10.0.0.0/8,2001:db8::1"));
	assert_false(sourcelist_is_plain("10.*"));
	assert_false(sourcelist_is_plain("!10.0.0.0/8"));
	assert_false(sourcelist_is_plain("10.0.0.0/8,"));
	assert_false(sourcelist_is_plain(""));
	assert_false(sourcelist_is_plain("host"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_lets_through_who_is_in_it),
		cmocka_unit_test(a_plain_list_has_no_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
