/* Which listener a connection's own address tells of. */
#include "daemon/login/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NAMES(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

static void
assert_listener(
    const char *const *names, const char *local_text, const char *wanted)
{
	struct listener_settings items[3];
	struct listener_list listen = { .items = items };
	char room[CIDR_TEXT_SIZE];
	struct cidr_endpoint local;

	for (; names[listen.count] != NULL; listen.count++) {
		struct listener_settings *item = &items[listen.count];

		item->at = names[listen.count];
		assert_true(cidr_parse_endpoint(item->at, &item->endpoint));
	}
	assert_true(cidr_parse_endpoint(local_text, &local));
	assert_string_equal(listener_of(&listen, &local, room), wanted);
}

static void
the_address_itself_comes_before_any(void **state)
{
	(void)state;
	assert_listener(NAMES("0.0.0.0:22", "192.0.2.1:22", "192.0.2.2:22"),
	    "192.0.2.2:22", "192.0.2.2:22");
	assert_listener(
	    NAMES("0.0.0.0:22", "192.0.2.1:22"), "192.0.2.9:22", "0.0.0.0:22");
	assert_listener(NAMES("[::]:22", "[2001:db8::1]:22"),
	    "[2001:db8::1]:22", "[2001:db8::1]:22");
}

static void
the_port_is_the_listeners_own(void **state)
{
	(void)state;
	assert_listener(NAMES("192.0.2.1:22", "192.0.2.1:2222"),
	    "192.0.2.1:2222", "192.0.2.1:2222");
	assert_listener(
	    NAMES("0.0.0.0:22", "0.0.0.0:0"), "192.0.2.1:4711", "0.0.0.0:0");
	assert_listener(
	    NAMES("0.0.0.0:0", "0.0.0.0:22"), "192.0.2.1:22", "0.0.0.0:22");
	assert_listener(
	    NAMES("0.0.0.0:22", "192.0.2.1:0"), "192.0.2.1:22", "192.0.2.1:0");
}

static void
ipv4_comes_by_the_other_only_where_it_has_none(void **state)
{
	(void)state;
	assert_listener(NAMES("[::]:22"), "192.0.2.1:22", "[::]:22");
	assert_listener(
	    NAMES("[::]:22", "0.0.0.0:22"), "192.0.2.1:22", "0.0.0.0:22");
	assert_listener(
	    NAMES("0.0.0.0:22", "[::]:22"), "[2001:db8::1]:22", "[::]:22");
	assert_listener(
	    NAMES("0.0.0.0:22"), "[2001:db8::1]:22", "[2001:db8::1]:22");
}

static void
who_came_by_none_of_them_came_by_his_own_address(void **state)
{
	(void)state;
	assert_listener(NAMES("192.0.2.1:22"), "192.0.2.2:22", "192.0.2.2:22");
	assert_listener(
	    NAMES("0.0.0.0:22", "[::]:22"), "192.0.2.2:23", "192.0.2.2:23");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_address_itself_comes_before_any),
		cmocka_unit_test(the_port_is_the_listeners_own),
		cmocka_unit_test(
		    ipv4_comes_by_the_other_only_where_it_has_none),
		cmocka_unit_test(
		    who_came_by_none_of_them_came_by_his_own_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
