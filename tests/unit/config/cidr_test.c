/* Addresses, endpoints and networks of both families. */
#include "daemon/config/cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
a_network_contains_its_own_addresses_and_no_others(void **state)
{
	static const struct {
		const char *net;
		const char *address;
		bool contains;
	} rows[] = {
		{ "10.0.0.0/8", "10.1.2.3", true },
		{ "10.0.0.0/8", "11.1.2.3", false },
		{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
		{ "::ffff:10.0.0.0/104", "10.1.2.3", true },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.0/25", "192.0.2.127", true },
		{ "192.0.2.0/25", "192.0.2.128", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "203.0.113.9", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "::1", "::1", true },
		{ "::1/128", "::2", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cidr_address address;
		struct cidr net;

		assert_null(cidr_parse(rows[i].net, &net));
		assert_true(cidr_parse_address(rows[i].address, &address));
		if (cidr_contains(&net, &address) != rows[i].contains)
			fail_msg("%s and %s", rows[i].net, rows[i].address);
	}
}

static void
what_is_no_network_is_refused(void **state)
{
	static const char *const wrong[] = { "", "10.0.0.0/33", "10.0.0.0/",
		"10.0.0.0/-1", "10.0.0.1/8", "10.0.0/8", "::/129",
		"2001:db8::1/32", "::ffff:0:0/90", "example.net", "*",
		"10.0.0.0/8 ", "fe80::1%eth0", "010.0.0.1" };
	struct cidr net;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (cidr_parse(wrong[i], &net) == NULL)
			fail_msg("\"%s\" taken", wrong[i]);
}

static void
an_endpoint_reads_as_it_is_written(void **state)
{
	static const char *const good[] = { "127.0.0.1:2222", "0.0.0.0:0",
		"[::]:22", "[2001:db8::1]:65535" };
	static const char *const wrong[] = { "", ":22", "22", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:65536", "::1:22", "[127.0.0.1]:22",
		"[::1]", "[::1:22", "[]:22", "[:22", "localhost:22",
		"127.0.0.1:22 " };
	struct cidr_endpoint endpoint;
	char text[CIDR_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(cidr_parse_endpoint(good[i], &endpoint));
		cidr_format_endpoint(&endpoint, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (cidr_parse_endpoint(wrong[i], &endpoint))
			fail_msg("\"%s\" taken", wrong[i]);
}

static void
a_mapped_socket_address_is_the_ipv4_one(void **state)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons(22) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons(22) };
	struct cidr_endpoint a, b;
	char text[CIDR_TEXT_SIZE];

	(void)state;
	inet_pton(AF_INET, "192.0.2.7", &four.sin_addr);
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &six.sin6_addr);
	assert_true(cidr_of_sockaddr((const struct sockaddr *)&four, &a));
	assert_true(cidr_of_sockaddr((const struct sockaddr *)&six, &b));
	assert_true(cidr_is_equal(&a.address, &b.address));
	assert_int_equal(b.port, 22);
	cidr_format_address(&b.address, text);
	assert_string_equal(text, "192.0.2.7");
}

static void
a_socket_of_another_family_has_no_address(void **state)
{
	struct sockaddr local = { .sa_family = AF_UNIX };
	struct cidr_endpoint endpoint;

	(void)state;
	assert_false(cidr_of_sockaddr(&local, &endpoint));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_network_contains_its_own_addresses_and_no_others),
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(an_endpoint_reads_as_it_is_written),
		cmocka_unit_test(a_mapped_socket_address_is_the_ipv4_one),
		cmocka_unit_test(a_socket_of_another_family_has_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
