/*
 * Diffie-Hellman: values at every edge, and groups that a peer may give.
 * The source is included: no caller may choose an exponent.
 */
#include "lib/crypto/dh.c"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LEN_MAX = 1024 };

static struct sp_crypto *crypto;

static const struct agreement *const fixed[] = { &dh_group14, &dh_group16,
	&dh_group18 };

/* In both roles. */
static void
check(const struct agreement *agreement, struct sp_view value,
    enum sp_status wanted)
{
	struct secret shared = { NULL, 0 };
	struct agreement_state *state;
	struct buffer b;

	buffer_init(&b, LEN_MAX);
	assert_int_equal(
	    agreement_respond(agreement, crypto, value, &b, &shared), wanted);
	assert_int_equal(shared.data == NULL, wanted != SP_OK);
	buffer_clear(&b);
	secret_clear(&shared);
	assert_int_equal(agreement_start(agreement, crypto, &b, &state), SP_OK);
	assert_int_equal(agreement_finish(state, value, &shared), wanted);
	assert_int_equal(shared.data == NULL, wanted != SP_OK);
	buffer_clear(&b);
	secret_clear(&shared);
	agreement_free(state);
}

static size_t
write_prime(const struct agreement *agreement, uint8_t room[LEN_MAX])
{
	struct buffer b;

	buffer_init(&b, LEN_MAX);
	assert_int_equal(dh_group_write_prime(agreement->detail, &b), SP_OK);
	memcpy(room, b.data, agreement->client_len);
	buffer_clear(&b);
	return agreement->client_len;
}

static void
values_at_the_edges_are_refused_and_those_beside_them_taken(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		uint8_t p[LEN_MAX];
		size_t len = write_prime(fixed[i], p);

		check(fixed[i], view_of("", 0), SP_ERR_KEX_VALUE);
		check(fixed[i], view_of("\0", 1), SP_ERR_KEX_VALUE);
		check(fixed[i], view_of("\1", 1), SP_ERR_KEX_VALUE);
		check(fixed[i], view_of("\2", 1), SP_OK);
		check(fixed[i], view_of(p, len), SP_ERR_KEX_VALUE);
		p[len - 1]--; /* p - 1: an odd number loses no more than 1 */
		check(fixed[i], view_of(p, len), SP_ERR_KEX_VALUE);
		p[len - 1]--;
		check(fixed[i], view_of(p, len), SP_OK);
		memset(p, 0xff, len);
		check(fixed[i], view_of(p, len), SP_ERR_KEX_VALUE);
	}
}

static void
a_value_past_the_prime_is_refused(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		uint8_t room[LEN_MAX + 1] = { 1 };
		size_t len = write_prime(fixed[i], room + 1);

		/* Longer than p; and p + 1, whose last byte holds a carry. */
		check(fixed[i], view_of(room, len + 1), SP_ERR_KEX_VALUE);
		for (size_t k = len; ++room[k] == 0; k--)
			continue;
		check(fixed[i], view_of(room + 1, len), SP_ERR_KEX_VALUE);
	}
}

static void
powers_come_out(void **unused)
{
	static const uint8_t expected[5] = { 0, 0, 0, 2, 0xd9 }; /* 3^6 */
	BIGNUM *base = BN_new(), *exponent = BN_new();
	uint8_t out[256];
	struct field f;

	(void)unused;
	assert_int_equal(field_init(&f, &groups[0]), SP_OK);
	assert_int_equal(BN_set_word(base, 3), 1);
	assert_int_equal(BN_set_word(exponent, 6), 1);
	assert_int_equal(raise_to(&f, base, exponent, out, 256), SP_OK);
	assert_memory_equal(out + 251, expected, 5);
	for (size_t i = 0; i < 251; i++)
		assert_int_equal(out[i], 0);
	BN_free(base);
	BN_free(exponent);
	field_clear(&f);
}

static void
exponents_have_twice_the_strength_of_their_group(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		struct agreement_state *state;
		struct buffer b;

		buffer_init(&b, LEN_MAX);
		assert_int_equal(
		    agreement_start(fixed[i], crypto, &b, &state), SP_OK);
		assert_int_equal(BN_num_bits(state_of(state)->exponent),
		    i == 0	 ? 256
			: i == 1 ? 384
				 : 512);
		agreement_free(state);
		buffer_clear(&b);
	}
}

/* ---- groups from a peer ---- */

static enum sp_status
judge(struct sp_view p, struct sp_view g)
{
	struct dh_group group;

	return dh_group_init(&group, p, g, 2048, 8192);
}

static void
every_group_of_the_table_is_one(void **unused)
{
	const struct dh_group *row;

	(void)unused;
	for (size_t i = 0; (row = dh_group_row(i)) != NULL; i++) {
		struct dh_group group;
		struct agreement agreement;
		struct buffer b;

		buffer_init(&b, LEN_MAX);
		assert_int_equal(dh_group_write_prime(row, &b), SP_OK);
		assert_int_equal(dh_group_init(&group, buffer_view(&b), row->g,
				     row->bits, row->bits),
		    SP_OK);
		assert_int_equal(group.bits, row->bits);
		agreement = dh_agreement_in(&group);
		check(&agreement, view_of("\5", 1), SP_OK);
		check(&agreement, buffer_view(&b), SP_ERR_KEX_VALUE);
		buffer_clear(&b);
	}
}

static void
a_group_of_the_wrong_size_is_refused(void **unused)
{
	uint8_t p[LEN_MAX + 1];
	size_t len = write_prime(&dh_group14, p);
	struct sp_view two_view = view_of(two, 1);
	struct dh_group group;

	(void)unused;
	assert_int_equal(judge(view_of(p, len), two_view), SP_OK);
	assert_int_equal(
	    dh_group_init(&group, view_of(p, len), two_view, 2049, 8192),
	    SP_ERR_KEX_VALUE);
	assert_int_equal(
	    dh_group_init(&group, view_of(p, len), two_view, 1024, 2047),
	    SP_ERR_KEX_VALUE);
	p[0] = 0x7f;
	assert_int_equal(judge(view_of(p, len), two_view), SP_ERR_KEX_VALUE);
	assert_int_equal(judge(view_of("", 0), two_view), SP_ERR_KEX_VALUE);
	memset(p, 0xff, sizeof p);
	assert_int_equal(
	    judge(view_of(p, sizeof p), two_view), SP_ERR_KEX_VALUE);
}

static void
a_generator_out_of_range_is_refused(void **unused)
{
	uint8_t p[LEN_MAX], g[LEN_MAX];
	size_t len = write_prime(&dh_group14, p);

	(void)unused;
	memcpy(g, p, len);
	assert_int_equal(
	    judge(view_of(p, len), view_of("", 0)), SP_ERR_KEX_VALUE);
	assert_int_equal(
	    judge(view_of(p, len), view_of("\1", 1)), SP_ERR_KEX_VALUE);
	assert_int_equal(
	    judge(view_of(p, len), view_of(g, len)), SP_ERR_KEX_VALUE);
	g[len - 1]--;
	assert_int_equal(
	    judge(view_of(p, len), view_of(g, len)), SP_ERR_KEX_VALUE);
	g[len - 1]--;
	assert_int_equal(judge(view_of(p, len), view_of(g, len)), SP_OK);
}

static void
a_prime_that_cannot_be_safe_is_refused(void **unused)
{
	uint8_t p[LEN_MAX];
	size_t len = write_prime(&dh_group14, p);

	(void)unused;
	/* Even; 1 modulo 4; and those around it, which have small factors. */
	for (unsigned k = 0; k < 16; k++) {
		enum sp_status wanted = k == 8 ? SP_OK : SP_ERR_KEX_VALUE;

		p[len - 2] = (uint8_t)(0xff - 8 + k);
		assert_int_equal(
		    judge(view_of(p, len), view_of(two, 1)), wanted);
	}
	p[len - 2] = 0xff;
	p[len - 1] = 0xfe;
	assert_int_equal(
	    judge(view_of(p, len), view_of(two, 1)), SP_ERR_KEX_VALUE);
	p[len - 1] = 0xfd;
	assert_int_equal(
	    judge(view_of(p, len), view_of(two, 1)), SP_ERR_KEX_VALUE);
}

/* As a safe prime's: neither it nor half of what is before it has a small one. */
static bool
has_small_factor(const BIGNUM *n)
{
	for (BN_ULONG factor = 3; factor < 2048; factor += 2)
		if (BN_mod_word(n, factor) <= 1)
			return true;
	return false;
}

/* Nothing else is wrong with it than that half of what is before is even. */
static void
one_modulo_four_is_enough_to_be_refused(void **unused)
{
	uint8_t p[LEN_MAX];
	size_t len = write_prime(&dh_group14, p);
	BIGNUM *n = BN_bin2bn(p, (int)len, NULL);

	(void)unused;
	assert_int_equal(BN_sub_word(n, 2), 1);
	while (has_small_factor(n))
		assert_int_equal(BN_sub_word(n, 4), 1);
	assert_int_equal(BN_mod_word(n, 4), 1);
	assert_int_equal(BN_bn2binpad(n, p, (int)len), (int)len);
	assert_int_equal(
	    judge(view_of(p, len), view_of(two, 1)), SP_ERR_KEX_VALUE);
	BN_free(n);
}

/*
 * Any power of q * r is 0 modulo q * q * r, which no look at small factors
 * tells from a prime: a secret that everybody knows.
 */
static void
a_secret_of_zero_is_none(void **unused)
{
	enum { BITS = 683 };
	BIGNUM *q = BN_new(), *r = BN_new(), *v = BN_new(), *n = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	uint8_t p[LEN_MAX], value[LEN_MAX];
	struct agreement agreement;
	struct dh_group group;
	size_t len = 2048 / 8;

	(void)unused;
	assert_int_equal(BN_generate_prime_ex(q, BITS, 0, NULL, NULL, NULL), 1);
	assert_int_equal(
	    BN_rand(r, BITS, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	do {
		assert_int_equal(BN_add_word(r, 2), 1);
		assert_int_equal(BN_mul(v, q, r, ctx), 1);
		assert_int_equal(BN_mul(n, q, v, ctx), 1);
		len = (size_t)BN_num_bytes(n);
		assert_int_equal(BN_bn2bin(n, p), (int)len);
	} while (dh_group_init(&group, view_of(p, len), view_of(two, 1), 2000,
		     2064) != SP_OK);
	agreement = dh_agreement_in(&group);
	check(&agreement, view_of(value, (size_t)BN_bn2bin(v, value)),
	    SP_ERR_KEX_VALUE);
	BN_CTX_free(ctx);
	BN_free(n);
	BN_free(v);
	BN_free(r);
	BN_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    values_at_the_edges_are_refused_and_those_beside_them_taken),
		cmocka_unit_test(a_value_past_the_prime_is_refused),
		cmocka_unit_test(powers_come_out),
		cmocka_unit_test(
		    exponents_have_twice_the_strength_of_their_group),
		cmocka_unit_test(every_group_of_the_table_is_one),
		cmocka_unit_test(a_group_of_the_wrong_size_is_refused),
		cmocka_unit_test(a_generator_out_of_range_is_refused),
		cmocka_unit_test(a_prime_that_cannot_be_safe_is_refused),
		cmocka_unit_test(one_modulo_four_is_enough_to_be_refused),
		cmocka_unit_test(a_secret_of_zero_is_none),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
