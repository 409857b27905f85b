/* Targets of forwarding: what is no port never means any. */
#include "daemon/session/targetlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
lists_have_hosts_and_ports(void **state)
{
	static const char *const good[] = { "localhost:80", "a:1",
		"192.0.2.1:65535", "[2001:db8::1]:22", "*:8080", "host:*",
		"a:1 b:2 [::1]:*" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (!targetlist_is_good(good[i]))
			fail_msg("%s", good[i]);
	}
}

/* Dropbear's changes of 2026.92 and 2026.93. */
static void
permitopen_ports_out_of_range_are_not_accepted_as_any(void **state)
{
	static const char *const bad[] = { "host:0", "host:65536",
		"host:99999999999999999999", "host:-1", "host:+22", "host: 22",
		"host:22x", "host:", "host", ":22", "", "host:080", "host:**",
		"2001:db8::1:22", "[2001:db8::1]", "[]:22", "a:1  b:2", "a:1 ",
		" a:1", "a:1 b", "ho st:1", "a/b:1", "host:http", "[a:1",
		"a:1\tb:2" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (targetlist_is_good(bad[i]))
			fail_msg("%s", bad[i]);
	}
}

static void
a_device_has_a_number(void **state)
{
	(void)state;
	assert_true(targetlist_is_device("0"));
	assert_true(targetlist_is_device("any"));
	assert_true(targetlist_is_device("2147483645"));
	assert_false(targetlist_is_device("2147483646"));
	assert_false(targetlist_is_device("-1"));
	assert_false(targetlist_is_device(""));
	assert_false(targetlist_is_device("0:1"));
	assert_false(targetlist_is_device("tun0"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_have_hosts_and_ports),
		cmocka_unit_test(
		    permitopen_ports_out_of_range_are_not_accepted_as_any),
		cmocka_unit_test(a_device_has_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
