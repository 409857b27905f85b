/* The rings of sntrup761: representatives, products, inverses. */
#include "lib/crypto/sntrupring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { P = SNTRUPRING_P, Q = SNTRUPRING_Q, ROOM = SNTRUPRING_ROOM };

static uint32_t chance = 1;

static void
fill(int8_t small[ROOM])
{
	memset(small, 0, ROOM);
	for (int i = 0; i < P; i++) {
		chance = chance * 1664525 + 1013904223;
		small[i] = (int8_t)((int)(chance >> 16) % 3 - 1);
	}
}

static void
a_representative_is_the_nearest_to_zero(void **state)
{
	(void)state;
	for (int32_t x = -(1 << 24); x <= 1 << 24; x++) {
		int32_t r = sntrupring_mod_q(x);

		if (r < -SNTRUPRING_HALF || r > SNTRUPRING_HALF ||
		    (x - r) % Q != 0)
			fail_msg("%d gives %d", x, r);
	}
	for (int32_t x = -(1 << 16); x <= 1 << 16; x++) {
		int32_t r = sntrupring_mod_3(x);

		if (r < -1 || r > 1 || (x - r) % 3 != 0)
			fail_msg("%d gives %d", x, r);
	}
}

static void
one_changes_nothing_and_x_moves(void **state)
{
	int8_t one[ROOM] = { 1 }, x[ROOM] = { 0, 1 }, a[ROOM], small[ROOM];
	int16_t wide[ROOM], product[ROOM];

	(void)state;
	fill(a);
	for (int i = 0; i < ROOM; i++)
		wide[i] = a[i];
	sntrupring_multiply_q(product, wide, one);
	assert_memory_equal(product, wide, sizeof wide);
	sntrupring_multiply_3(small, a, one);
	assert_memory_equal(small, a, sizeof a);
	sntrupring_multiply_q(product, wide, x);
	/* x^p = x + 1 */
	assert_int_equal(product[0], wide[P - 1]);
	assert_int_equal(product[1], wide[0] + wide[P - 1]);
	for (int i = 2; i < P; i++)
		assert_int_equal(product[i], wide[i - 1]);
	assert_int_equal(product[P], 0);
}

static void
the_largest_coefficients_do_not_overflow(void **state)
{
	int16_t a[ROOM] = { 0 }, product[ROOM];
	int8_t b[ROOM] = { 0 };

	(void)state;
	for (int i = 0; i < P; i++) {
		a[i] = SNTRUPRING_HALF;
		b[i] = 1;
	}
	sntrupring_multiply_q(product, a, b);
	/* Coefficient k has k + 1 products, and what is folded on it. */
	for (int k = 1; k < P; k++) {
		int64_t terms = k + 1 + (P - 1 - k) + (P - k);

		assert_int_equal(product[k],
		    sntrupring_mod_q((int32_t)(terms * SNTRUPRING_HALF % Q)));
	}
}

static void
a_product_with_its_inverse_is_one(void **state)
{
	int8_t a[ROOM], inverse[ROOM], product[ROOM], one[ROOM] = { 1 };

	(void)state;
	do {
		fill(a);
	} while (sntrupring_invert_3(inverse, a) != 0);
	sntrupring_multiply_3(product, a, inverse);
	assert_memory_equal(product, one, sizeof one);
}

static void
a_third_of_an_inverse_is_that(void **state)
{
	int16_t inverse[ROOM], product[ROOM];
	int8_t a[ROOM];

	(void)state;
	fill(a);
	sntrupring_invert_3a_q(inverse, a);
	sntrupring_multiply_q(product, inverse, a);
	assert_int_equal(sntrupring_mod_q(3 * product[0]), 1);
	for (int i = 1; i < P; i++)
		assert_int_equal(product[i], 0);
}

static void
what_has_no_inverse_is_told(void **state)
{
	int8_t zero[ROOM] = { 0 }, inverse[ROOM];

	(void)state;
	assert_int_equal(sntrupring_invert_3(inverse, zero), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_representative_is_the_nearest_to_zero),
		cmocka_unit_test(one_changes_nothing_and_x_moves),
		cmocka_unit_test(the_largest_coefficients_do_not_overflow),
		cmocka_unit_test(a_product_with_its_inverse_is_one),
		cmocka_unit_test(a_third_of_an_inverse_is_that),
		cmocka_unit_test(what_has_no_inverse_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
