/* Polynomials of sntrup761 written down and read back. */
#include "lib/crypto/sntrupcode.h"

#include "lib/crypto/sntrupring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { P = SNTRUPRING_P, ROOM = SNTRUPRING_ROOM, HALF = SNTRUPRING_HALF };

static uint32_t chance = 1;

static uint32_t
next(void)
{
	chance = chance * 1664525 + 1013904223;
	return chance >> 8;
}

static void
what_is_written_is_read_back(void **state)
{
	(void)state;
	for (int n = 0; n < 20; n++) {
		uint8_t bytes[SNTRUPCODE_FULL];
		int16_t a[ROOM] = { 0 }, b[ROOM];
		int8_t c[ROOM] = { 0 }, d[ROOM];

		for (int i = 0; i < P; i++) {
			a[i] = (int16_t)(next() % SNTRUPRING_Q - HALF);
			c[i] = (int8_t)((int)(next() % 3) - 1);
		}
		sntrupcode_write_full(bytes, a);
		sntrupcode_read_full(b, bytes);
		assert_memory_equal(a, b, sizeof a);
		for (int i = 0; i < P; i++)
			a[i] = (int16_t)(3 * (int)(next() % 1531) - HALF);
		sntrupcode_write_rounded(bytes, a);
		sntrupcode_read_rounded(b, bytes);
		assert_memory_equal(a, b, sizeof a);
		sntrupcode_write_small(bytes, c);
		sntrupcode_read_small(d, bytes);
		assert_memory_equal(c, d, sizeof c);
	}
}

static void
the_largest_and_the_smallest_are_read_back(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign++) {
		uint8_t bytes[SNTRUPCODE_FULL];
		int16_t a[ROOM] = { 0 }, b[ROOM];

		for (int i = 0; i < P; i++)
			a[i] = (int16_t)(sign * HALF);
		sntrupcode_write_full(bytes, a);
		sntrupcode_read_full(b, bytes);
		assert_memory_equal(a, b, sizeof a);
		sntrupcode_write_rounded(bytes, a);
		sntrupcode_read_rounded(b, bytes);
		assert_memory_equal(a, b, sizeof a);
	}
}

/* Bytes that nobody wrote are some polynomial, too. */
static void
any_bytes_are_read_within_range(void **state)
{
	(void)state;
	for (int n = 0; n < 50; n++) {
		uint8_t bytes[SNTRUPCODE_FULL];
		int16_t a[ROOM];

		for (int i = 0; i < SNTRUPCODE_FULL; i++)
			bytes[i] = n == 0 ? 0xff : (uint8_t)next();
		sntrupcode_read_full(a, bytes);
		for (int i = 0; i < ROOM; i++)
			assert_true(a[i] >= -HALF && a[i] <= HALF);
		sntrupcode_read_rounded(a, bytes);
		for (int i = 0; i < P; i++)
			assert_true(a[i] >= -HALF && a[i] <= HALF &&
			    (a[i] + HALF) % 3 == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(the_largest_and_the_smallest_are_read_back),
		cmocka_unit_test(any_bytes_are_read_within_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
