/* Keys from a shared secret, against the formula of RFC 4253 7.2. */
#include "lib/transport/keys.h"

#include "lib/crypto/digest.h"
#include "lib/transport/kex.h"
#include "tests/unit/suites.h"
#include "tests/unit/transport/fixture.h"

static const uint8_t secret[32] = { 0x80, 1, 2, 3, 4, 5 };
static const uint8_t hash[32] = { 0xaa, 0xbb, 0xcc };
static const uint8_t session_id[32] = { 0x11, 0x22 };

/* A transport at the end of an exchange. */
static void
bring(struct transport *t, enum sp_role role, struct cipher_suite suite)
{
	fixture_transport(t, role);
	t->kex = calloc(1, sizeof *t->kex);
	assert_non_null(t->kex);
	assert_int_equal(
	    secret_copy(&t->kex->shared, view_of(secret, sizeof secret)),
	    SP_OK);
	memcpy(t->kex->hash, hash, sizeof hash);
	t->kex->hash_len = sizeof hash;
	assert_int_equal(buffer_append(&t->session_id,
			     view_of(session_id, sizeof session_id)),
	    SP_OK);
	t->negotiated.method =
	    kexmethod_find(view_of_string("curve25519-sha256"));
	t->negotiated.to_server = suite;
	t->negotiated.to_client = suite;
	t->negotiated.compression_to_server =
	    compression_find(view_of_string("zlib@openssh.com"));
	t->negotiated.compression_to_client =
	    compression_find(view_of_string("none"));
}

/* HASH(K || H || letter || id), then HASH(K || H || all so far) once. */
static void
expect_key(char letter, uint8_t out[64])
{
	uint8_t shared[4 + 1 + 32] = { 0, 0, 0, 33, 0 };
	struct sp_view first[] = { view_of(shared, sizeof shared),
		view_of(hash, sizeof hash), view_of(&letter, 1),
		view_of(session_id, sizeof session_id) };
	struct sp_view more[] = { first[0], first[1], view_of(out, 32) };

	memcpy(shared + 5, secret, sizeof secret);
	assert_int_equal(
	    digest_of(fixture_crypto, DIGEST_SHA256, first, 4, out), SP_OK);
	assert_int_equal(
	    digest_of(fixture_crypto, DIGEST_SHA256, more, 3, out + 32), SP_OK);
}

static void
check_direction(
    enum sp_role role, enum cipher_direction direction, const char *letters)
{
	struct cipher_suite suite;

	for (size_t i = 0; suites_at(i, &suite); i++) {
		uint8_t key[64], iv[64], mac[64];
		struct cipher_keys keys;
		struct keys next;
		struct transport t;

		bring(&t, role, suite);
		assert_int_equal(keys_derive(&t, direction, &next), SP_OK);
		expect_key(letters[0], iv);
		expect_key(letters[1], key);
		expect_key(letters[2], mac);
		keys = cipher_keys_of(next.cipher);
		assert_null(next.zlib);
		assert_true(
		    view_equal(keys.iv, view_of(iv, suite.cipher->iv_len)));
		assert_true(
		    view_equal(keys.key, view_of(key, suite.cipher->key_len)));
		assert_int_equal(
		    keys.mac.len, suite.mac == NULL ? 0 : suite.mac->len);
		assert_true(view_equal(keys.mac, view_of(mac, keys.mac.len)));
		keys_free(&next);
		transport_clear(&t);
	}
}

static void
each_direction_has_keys_of_its_own(void **state)
{
	(void)state;
	check_direction(SP_CLIENT, CIPHER_SEAL, "ACE");
	check_direction(SP_SERVER, CIPHER_OPEN, "ACE");
	check_direction(SP_SERVER, CIPHER_SEAL, "BDF");
	check_direction(SP_CLIENT, CIPHER_OPEN, "BDF");
}

static void
counts_start_again_with_new_keys(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		struct cipher_suite suite;
		struct keys next;
		struct transport t;

		assert_true(suites_at(0, &suite));
		bring(&t, SP_CLIENT, suite);
		t.is_strict = strict == 1;
		t.tx.bytes = t.tx.packets = t.tx.sequence = 5;
		assert_int_equal(keys_derive(&t, CIPHER_SEAL, &next), SP_OK);
		/* Nothing yet. */
		assert_int_equal(t.tx.packets, 5);
		keys_use(&t, &t.tx, &next);
		assert_ptr_equal(t.tx.cipher, next.cipher);
		assert_int_equal(t.tx.bytes, 0);
		assert_int_equal(t.tx.packets, 0);
		assert_int_equal(t.tx.sequence, strict ? 0 : 5);
		transport_clear(&t);
	}
}

/* Agreed on for what goes to the server; and only once it is known who. */
static void
a_direction_is_compressed_once_the_user_is_authenticated(void **state)
{
	struct cipher_suite suite;
	struct keys next;
	struct transport t;

	(void)state;
	assert_true(suites_at(0, &suite));
	for (int trusted = 0; trusted < 2; trusted++) {
		bring(&t, SP_CLIENT, suite);
		t.is_trusted = trusted == 1;
		assert_int_equal(keys_derive(&t, CIPHER_SEAL, &next), SP_OK);
		assert_int_equal(next.zlib != NULL, trusted == 1);
		keys_free(&next);
		assert_int_equal(keys_derive(&t, CIPHER_OPEN, &next), SP_OK);
		assert_null(next.zlib);
		keys_free(&next);
		transport_clear(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_direction_has_keys_of_its_own),
		cmocka_unit_test(counts_start_again_with_new_keys),
		cmocka_unit_test(
		    a_direction_is_compressed_once_the_user_is_authenticated),
	};

	return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
