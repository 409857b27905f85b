/* The exchange hash against values computed apart, with Python's hashlib. */
#include "lib/transport/exchange.h"

#include "lib/crypto/digest.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct sp_crypto *crypto;

static int
set_up(void **state)
{
	(void)state;
	crypto = sp_crypto_new();
	return crypto == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sp_crypto_free(crypto);
	return 0;
}

static uint8_t client_value[32], server_value[32];

static struct exchange
example(struct sp_view shared)
{
	for (uint8_t i = 0; i < 32; i++) {
		client_value[i] = i;
		server_value[i] = (uint8_t)(32 + i);
	}
	return (struct exchange){
		.method = view_of_string("curve25519-sha256"),
		.client_identification =
		    view_of_string("SSH-2.0-OpenSSH_9.2p1"),
		.server_identification =
		    view_of_string("SSH-2.0-Sallyport_0.1"),
		.client_kexinit = view_of_string("\x14"
						 "client kexinit"),
		.server_kexinit = view_of_string("\x14"
						 "server kexinit"),
		.host_key = view_of_string("host key blob"),
		.client_value = view_of(client_value, 32),
		.server_value = view_of(server_value, 32),
		.shared = shared,
	};
}

static void
assert_hash(const struct exchange *x, const char *hex)
{
	char shown[2 * DIGEST_MAX + 1] = "";
	uint8_t hash[DIGEST_MAX];
	size_t len;

	assert_int_equal(exchange_hash(crypto, x, hash, &len), SP_OK);
	for (size_t i = 0; i < len; i++)
		snprintf(shown + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(shown, hex);
}

static void
the_hash_is_that_of_rfc_8731(void **state)
{
	uint8_t shared[32];
	struct exchange x = example(view_of(shared, 32));

	(void)state;
	for (uint8_t i = 0; i < 32; i++)
		shared[i] = (uint8_t)(1 + i);
	assert_hash(&x,
	    "ff9237aea571f076a201cbfefaa42e69"
	    "807c58e2fea82193987cfea44f7a48cd");
}

static void
a_shared_secret_with_its_top_bit_set_gets_a_sign_byte(void **state)
{
	uint8_t shared[32];
	struct exchange x = example(view_of(shared, 32));

	(void)state;
	for (uint8_t i = 0; i < 32; i++)
		shared[i] = (uint8_t)(0x80 + i);
	assert_hash(&x,
	    "1def28e36878badc80e9ac2d91f5334d"
	    "0df091f79090759f94e40765116cb60a");
}

static void
a_shared_secret_loses_its_leading_zeros(void **state)
{
	uint8_t shared[32] = { 0 };
	struct exchange x = example(view_of(shared, 32));

	(void)state;
	for (uint8_t i = 1; i < 32; i++)
		shared[i] = (uint8_t)(0x7f + i);
	assert_hash(&x,
	    "59da13e741c9fb747c56c91bcfc49547"
	    "7d95ad73731941024b3a205bfaa7d20c");
}

static void
both_names_of_the_method_give_the_same_hash(void **state)
{
	uint8_t shared[32], first[DIGEST_MAX], second[DIGEST_MAX];
	struct exchange x = example(view_of(shared, 32));
	size_t len;

	(void)state;
	memset(shared, 1, sizeof shared);
	assert_int_equal(exchange_hash(crypto, &x, first, &len), SP_OK);
	x.method = view_of_string("curve25519-sha256@libssh.org");
	assert_int_equal(exchange_hash(crypto, &x, second, &len), SP_OK);
	assert_int_equal(len, 32);
	assert_memory_equal(first, second, 32);
}

static void
every_field_changes_the_hash(void **state)
{
	static const size_t offsets[] = {
		offsetof(struct exchange, client_identification),
		offsetof(struct exchange, server_identification),
		offsetof(struct exchange, client_kexinit),
		offsetof(struct exchange, server_kexinit),
		offsetof(struct exchange, host_key),
		offsetof(struct exchange, client_value),
		offsetof(struct exchange, server_value),
		offsetof(struct exchange, shared),
	};
	uint8_t first[DIGEST_MAX], second[DIGEST_MAX];
	const struct exchange x = example(view_of_string("secret"));
	size_t len;

	(void)state;
	assert_int_equal(exchange_hash(crypto, &x, first, &len), SP_OK);
	for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
		const struct sp_view other = view_of_string("something else");
		struct exchange y = x;

		memcpy((char *)&y + offsets[i], &other, sizeof other);
		assert_int_equal(
		    exchange_hash(crypto, &y, second, &len), SP_OK);
		assert_memory_not_equal(first, second, 32);
	}
}

static void
a_group_where_the_method_has_none_is_refused(void **state)
{
	struct exchange x = example(view_of_string("secret"));
	uint8_t hash[DIGEST_MAX];
	size_t len;

	(void)state;
	x.group = view_of_string("anything");
	assert_int_equal(exchange_hash(crypto, &x, hash, &len), SP_ERR_FORMAT);
}

static void
a_method_that_is_not_there_is_refused(void **state)
{
	struct exchange x = example(view_of_string("secret"));
	uint8_t hash[DIGEST_MAX];
	size_t len = 4711;

	(void)state;
	x.method = view_of_string("diffie-hellman-group1-sha1");
	assert_int_equal(exchange_hash(crypto, &x, hash, &len), SP_ERR_NO_KEX);
	x.method = view_of_string("");
	assert_int_equal(exchange_hash(crypto, &x, hash, &len), SP_ERR_NO_KEX);
	assert_int_equal(len, 4711);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_that_of_rfc_8731),
		cmocka_unit_test(
		    a_shared_secret_with_its_top_bit_set_gets_a_sign_byte),
		cmocka_unit_test(a_shared_secret_loses_its_leading_zeros),
		cmocka_unit_test(both_names_of_the_method_give_the_same_hash),
		cmocka_unit_test(every_field_changes_the_hash),
		cmocka_unit_test(a_group_where_the_method_has_none_is_refused),
		cmocka_unit_test(a_method_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
