/* Points on the NIST curves, and what only looks like one. */
#include "lib/crypto/agreement.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { POINT_MAX = 133 };

static struct sp_crypto *crypto;

static const struct agreement *const curves[] = { &nistcurve_256,
	&nistcurve_384, &nistcurve_521 };

/* A point that is one. */
static size_t
good_point(const struct agreement *curve, uint8_t point[POINT_MAX])
{
	struct agreement_state *state;
	struct buffer b;

	buffer_init(&b, POINT_MAX);
	assert_int_equal(agreement_start(curve, crypto, &b, &state), SP_OK);
	memcpy(point, b.data, curve->client_len);
	agreement_free(state);
	buffer_clear(&b);
	return curve->client_len;
}

/* In both roles. */
static void
check(
    const struct agreement *curve, struct sp_view point, enum sp_status wanted)
{
	struct secret shared = { NULL, 0 };
	struct agreement_state *state;
	struct buffer b;

	buffer_init(&b, POINT_MAX);
	assert_int_equal(
	    agreement_respond(curve, crypto, point, &b, &shared), wanted);
	assert_int_equal(shared.data == NULL, wanted != SP_OK);
	buffer_clear(&b);
	secret_clear(&shared);
	assert_int_equal(agreement_start(curve, crypto, &b, &state), SP_OK);
	assert_int_equal(agreement_finish(state, point, &shared), wanted);
	assert_int_equal(shared.data == NULL, wanted != SP_OK);
	secret_clear(&shared);
	buffer_clear(&b);
	agreement_free(state);
}

static void
a_point_in_another_form_is_refused(void **state)
{
	static const uint8_t forms[] = { 0, 1, 2, 3, 5, 6, 7, 0x84, 0xff };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t point[POINT_MAX];
		size_t len = good_point(curves[i], point);

		check(curves[i], view_of(point, len), SP_OK);
		for (size_t k = 0; k < sizeof forms; k++) {
			point[0] = forms[k];
			check(curves[i], view_of(point, len), SP_ERR_KEX_VALUE);
		}
		/* Compressed, and infinity. */
		point[0] = 2;
		check(curves[i], view_of(point, 1 + len / 2), SP_ERR_KEX_VALUE);
		point[0] = 0;
		check(curves[i], view_of(point, 1), SP_ERR_KEX_VALUE);
	}
}

static void
a_point_off_the_curve_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t point[POINT_MAX];
		size_t len = good_point(curves[i], point);

		point[len - 1] ^= 1;
		check(curves[i], view_of(point, len), SP_ERR_KEX_VALUE);
		point[len - 1] ^= 1;
		point[len / 2] ^= 1;
		check(curves[i], view_of(point, len), SP_ERR_KEX_VALUE);
	}
}

static void
a_coordinate_past_the_prime_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t point[POINT_MAX];
		size_t len = good_point(curves[i], point);

		memset(point + 1, 0xff, len / 2);
		check(curves[i], view_of(point, len), SP_ERR_KEX_VALUE);
	}
}

/* The prime of P-256 added to an x that is small enough for it to fit. */
static void
a_coordinate_has_one_form(void **state)
{
	/* (0, sqrt(b)) is on the curve; (p, sqrt(b)) is another way for it. */
	static const uint8_t root[32] = { 0x66, 0x48, 0x5c, 0x78, 0x0e, 0x2f,
		0x83, 0xd7, 0x24, 0x33, 0xbd, 0x5d, 0x84, 0xa0, 0x6b, 0xb6,
		0x54, 0x1c, 0x2a, 0xf3, 0x1d, 0xae, 0x87, 0x17, 0x28, 0xbf,
		0x85, 0x6a, 0x17, 0x4f, 0x93, 0xf4 };
	static const uint8_t prime[32] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint8_t point[65] = { 4 };

	(void)state;
	memcpy(point + 33, root, 32);
	check(&nistcurve_256, view_of(point, 65), SP_OK);
	memcpy(point + 1, prime, 32);
	check(&nistcurve_256, view_of(point, 65), SP_ERR_KEX_VALUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_in_another_form_is_refused),
		cmocka_unit_test(a_point_off_the_curve_is_refused),
		cmocka_unit_test(a_coordinate_past_the_prime_is_refused),
		cmocka_unit_test(a_coordinate_has_one_form),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
