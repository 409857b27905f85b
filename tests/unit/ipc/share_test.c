/*
 * Which gate meets whom; that the kernel thinks so too is tested with real
 * connections (tests/process/test_steering.py).
 */
#include "daemon/ipc/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { GATES = 7 };

static void
an_ipv4_address_is_a_source(void **state)
{
	uint8_t address[16] = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 0 };
	unsigned met[GATES] = { 0 };

	(void)state;
	for (int i = 0; i < 7000; i++) {
		address[14] = (uint8_t)(i >> 8);
		address[15] = (uint8_t)i;
		met[share_of(address, GATES)]++;
	}
	for (size_t i = 0; i < GATES; i++)
		assert_in_range(met[i], 700, 1300);
}

static void
an_ipv6_net_of_64_bits_is(void **state)
{
	uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	unsigned met[GATES] = { 0 };

	(void)state;
	for (int i = 0; i < 7000; i++) {
		uint32_t gate;

		address[6] = (uint8_t)(i >> 8);
		address[7] = (uint8_t)i;
		memset(address + 8, 0, 8);
		gate = share_of(address, GATES);
		met[gate]++;
		memset(address + 8, i, 8);
		assert_int_equal(share_of(address, GATES), gate);
	}
	for (size_t i = 0; i < GATES; i++)
		assert_in_range(met[i], 700, 1300);
}

static void
one_gate_meets_all(void **state)
{
	const uint8_t address[16] = { [10] = 0xff, [11] = 0xff, 10, 1, 2, 3 };

	(void)state;
	assert_int_equal(share_of(address, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_address_is_a_source),
		cmocka_unit_test(an_ipv6_net_of_64_bits_is),
		cmocka_unit_test(one_gate_meets_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
