/* Proofs of host keys: what they are over, and what they are not for. */
#include "lib/pubkey/hostproof.h"

#include <sallyport/connection.h>
#include <sallyport/key.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

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

static void
a_proof_is_over_name_session_and_key(void **state)
{
	static const char expected[] = "\0\0\0\x1dhostkeys-prove-00@openssh.com"
				       "\0\0\0\2id"
				       "\0\0\0\4blob";
	struct buffer b;

	(void)state;
	buffer_init(&b, 256);
	assert_int_equal(
	    hostproof_write(view_of_string("id"), view_of_string("blob"), &b),
	    SP_OK);
	assert_true(view_equal(
	    buffer_view(&b), view_of(expected, sizeof expected - 1)));
	buffer_clear(&b);
}

static void
it_fills_its_room_or_is_not_written(void **state)
{
	uint8_t room[4 + 29 + 4 + 2 + 4 + 4];
	struct buffer b;
	size_t len = 99;

	(void)state;
	for (size_t size = 0; size < sizeof room; size++)
		assert_int_equal(sp_host_key_proof(view_of_string("id"),
				     view_of_string("blob"), room, size, &len),
		    SP_ERR_LIMIT);
	assert_int_equal(len, 99);
	assert_int_equal(sp_host_key_proof(view_of_string("id"),
			     view_of_string("blob"), room, sizeof room, &len),
	    SP_OK);
	assert_int_equal(len, sizeof room);
	buffer_init(&b, 256);
	assert_int_equal(
	    hostproof_write(view_of_string("id"), view_of_string("blob"), &b),
	    SP_OK);
	assert_true(view_equal(buffer_view(&b), view_of(room, len)));
	buffer_clear(&b);
}

/* The proof of this key for "my session", with an algorithm of the key's. */
static struct sp_view
prove(const struct sp_key *key, const char *algorithm,
    uint8_t room[SP_SIGNATURE_MAX])
{
	struct buffer data;
	size_t len;

	buffer_init(&data, 4096);
	assert_int_equal(hostproof_write(view_of_string("my session"),
			     sp_key_blob(key), &data),
	    SP_OK);
	assert_int_equal(
	    sp_key_sign(key, algorithm, buffer_view(&data), room, &len), SP_OK);
	buffer_clear(&data);
	return view_of(room, len);
}

static enum sp_status
verify(const char *session, const struct sp_key *key, struct sp_view signature)
{
	return hostproof_verify(
	    crypto, view_of_string(session), sp_key_blob(key), signature);
}

static void
it_is_good_for_one_session_and_one_key(void **state)
{
	static const struct {
		const char *type;
		const char *algorithm;
	} rows[] = {
		{ "ssh-ed25519", "ssh-ed25519" },
		{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256" },
		{ "ssh-rsa", "rsa-sha2-512" },
		{ "ssh-rsa", "rsa-sha2-256" },
	};
	uint8_t room[SP_SIGNATURE_MAX];
	struct sp_key *other;

	(void)state;
	assert_int_equal(sp_key_generate(crypto, "ssh-ed25519", &other), SP_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view proof;
		struct sp_key *key;

		assert_int_equal(
		    sp_key_generate(crypto, rows[i].type, &key), SP_OK);
		proof = prove(key, rows[i].algorithm, room);
		assert_int_equal(verify("my session", key, proof), SP_OK);
		assert_int_not_equal(verify("another", key, proof), SP_OK);
		assert_int_not_equal(verify("my session", other, proof), SP_OK);
		for (size_t len = 0; len < proof.len; len++)
			assert_int_not_equal(
			    verify("my session", key, view_of(proof.data, len)),
			    SP_OK);
		sp_key_free(key);
	}
	sp_key_free(other);
}

static void
a_signature_of_an_exchange_is_no_proof(void **state)
{
	static const uint8_t hash[32] = { 1, 2, 3 };
	uint8_t room[SP_SIGNATURE_MAX];
	struct sp_key *key;
	size_t len;

	(void)state;
	assert_int_equal(sp_key_generate(crypto, "ssh-ed25519", &key), SP_OK);
	assert_int_equal(
	    sp_key_sign(key, "ssh-ed25519", view_of(hash, 32), room, &len),
	    SP_OK);
	assert_int_equal(
	    verify("my session", key, view_of(room, len)), SP_ERR_SIGNATURE);
	assert_int_equal(hostproof_verify(crypto, view_of(hash, 32),
			     sp_key_blob(key), view_of(room, len)),
	    SP_ERR_SIGNATURE);
	sp_key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof_is_over_name_session_and_key),
		cmocka_unit_test(it_fills_its_room_or_is_not_written),
		cmocka_unit_test(it_is_good_for_one_session_and_one_key),
		cmocka_unit_test(a_signature_of_an_exchange_is_no_proof),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
