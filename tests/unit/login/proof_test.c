/* A proof holds for one session, user, service, key, and no other. */
#include "daemon/login/proof.h"

#include "lib/crypto/digest.h"
#include "lib/userauth/hostbased.h"
#include "lib/userauth/publickey.h"

#include <sallyport/key.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sp_crypto *crypto;
static struct sp_key *key, *other;
static uint8_t signature[SP_SIGNATURE_MAX];
static struct authentication_request request;

static void
sign(struct authentication_request *r, struct sp_view host_key)
{
	const struct publickey_claim claim = {
		.user = r->user,
		.service = r->service,
		.algorithm = r->key_algorithm,
		.key = r->key,
		.host_key = host_key,
	};
	struct buffer data;
	struct writer w;
	size_t len;

	buffer_init(&data, 4096);
	writer_init(&w, &data);
	publickey_write_signed_data(
	    &w, view_of_string("session-of-mine"), &claim);
	assert_int_equal(sp_key_sign(key, "ssh-ed25519", buffer_view(&data),
			     signature, &len),
	    SP_OK);
	r->signature = view_of(signature, len);
	r->bound_to = host_key;
	buffer_clear(&data);
}

static int
set_up(void **state)
{
	(void)state;
	crypto = sp_crypto_new();
	if (sp_key_generate(crypto, "ssh-ed25519", &key) != SP_OK ||
	    sp_key_generate(crypto, "ssh-ed25519", &other) != SP_OK)
		return -1;
	request = (struct authentication_request){
		.user = view_of_string("alice"),
		.service = view_of_string("ssh-connection"),
		.method = view_of_string("publickey"),
		.key_algorithm = view_of_string("ssh-ed25519"),
		.key = sp_key_blob(key),
		.is_signed = true,
	};
	sign(&request, view_of(NULL, 0));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sp_key_free(key);
	sp_key_free(other);
	sp_crypto_free(crypto);
	return 0;
}

static enum sp_status
verify(const char *session, const struct authentication_request *r)
{
	struct certified read;
	const struct proof proof = { .request = r, .key = &read };
	struct sp_key_presence presence;

	assert_true(certified_read(
	    &read, crypto, r->key_algorithm, r->key, SP_CERTIFICATE_USER));
	return proof_verify(crypto, view_of_string(session), &proof, &presence);
}

static void
a_signature_over_this_session_is_a_proof(void **state)
{
	(void)state;
	assert_int_equal(verify("session-of-mine", &request), SP_OK);
}

static void
a_signature_over_anything_else_is_none(void **state)
{
	struct authentication_request r;

	(void)state;
	assert_int_equal(
	    verify("session-of-thine", &request), SP_ERR_SIGNATURE);
	r = request;
	r.user = view_of_string("root");
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	r = request;
	r.service = view_of_string("ssh-userauth");
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	r = request;
	r.key = sp_key_blob(other);
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	r = request;
	r.key_algorithm = view_of_string("rsa-sha2-256");
	assert_int_not_equal(verify("session-of-mine", &r), SP_OK);
	r = request;
	r.signature.len--;
	assert_int_not_equal(verify("session-of-mine", &r), SP_OK);
	r.signature.len = 0;
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
}

/* The host's word for bob, who wants to be alice. */
static struct authentication_request
vouch(void)
{
	struct authentication_request r = request;
	const struct hostbased_claim claim = {
		.algorithm = r.key_algorithm,
		.key = r.key,
		.host = view_of_string("client.example."),
		.user = view_of_string("bob"),
	};
	static uint8_t room[SP_SIGNATURE_MAX];
	struct buffer data;
	struct writer w;
	size_t len;

	r.method = view_of_string("hostbased");
	r.client_host = claim.host;
	r.client_user = claim.user;
	buffer_init(&data, 4096);
	writer_init(&w, &data);
	hostbased_write_signed_data(
	    &w, view_of_string("session-of-mine"), r.user, r.service, &claim);
	assert_int_equal(
	    sp_key_sign(key, "ssh-ed25519", buffer_view(&data), room, &len),
	    SP_OK);
	buffer_clear(&data);
	r.signature = view_of(room, len);
	return r;
}

static void
a_host_vouches_for_one_user_in_one_session(void **state)
{
	static const size_t fields[] = {
		offsetof(struct authentication_request, user),
		offsetof(struct authentication_request, service),
		offsetof(struct authentication_request, client_host),
		offsetof(struct authentication_request, client_user),
	};
	const struct authentication_request good = vouch();
	struct authentication_request r = good;

	(void)state;
	assert_int_equal(verify("session-of-mine", &r), SP_OK);
	assert_int_equal(verify("session-of-thine", &r), SP_ERR_SIGNATURE);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct sp_view other_text = view_of_string("root");

		r = good;
		memcpy((char *)&r + fields[i], &other_text, sizeof other_text);
		assert_int_equal(
		    verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	}
	/* Without the dot it is the same host, and another text. */
	r = good;
	r.client_host.len--;
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	r = good;
	r.key = sp_key_blob(other);
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	r = good;
	r.signature.len = 0;
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
}

static void
what_a_host_signed_is_no_users_and_the_other_way_round(void **state)
{
	struct authentication_request r = vouch();

	(void)state;
	r.method = view_of_string("publickey");
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	r = vouch();
	r.signature = request.signature;
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
}

static void
one_that_is_bound_to_a_host_key_is_none_without_it(void **state)
{
	struct authentication_request r = request;
	struct sp_view here = view_of_string("the host key here");

	(void)state;
	sign(&r, here);
	assert_int_equal(verify("session-of-mine", &r), SP_OK);
	r.bound_to = view_of(NULL, 0);
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	r.bound_to = view_of_string("the host key there");
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	sign(&r, view_of(NULL, 0));
	r.bound_to = here;
	assert_int_equal(verify("session-of-mine", &r), SP_ERR_SIGNATURE);
	sign(&request, view_of(NULL, 0));
}

static void
a_bound_one_is_for_the_host_key_whose_hash_the_ticket_has(void **state)
{
	struct authentication_request r = request;
	struct sp_view here = view_of_string("the host key here");
	uint8_t hash[32];

	(void)state;
	assert_int_equal(
	    digest_of(crypto, DIGEST_SHA256, &here, 1, hash), SP_OK);
	assert_true(proof_is_for_host(crypto, view_of(hash, 32), &r));
	r.bound_to = here;
	assert_true(proof_is_for_host(crypto, view_of(hash, 32), &r));
	assert_false(proof_is_for_host(crypto, view_of(hash, 31), &r));
	assert_false(proof_is_for_host(crypto, view_of(NULL, 0), &r));
	r.bound_to.len--;
	assert_false(proof_is_for_host(crypto, view_of(hash, 32), &r));
	r.bound_to = view_of(hash, 32);
	assert_false(proof_is_for_host(crypto, view_of(hash, 32), &r));
}

static bool
is_possible(const struct authentication_request *r)
{
	struct certified read;

	return certified_read(&read, crypto, r->key_algorithm, r->key,
		   SP_CERTIFICATE_USER) &&
	    proof_is_possible(crypto, &read);
}

static void
only_a_key_of_a_known_type_is_worth_a_probe(void **state)
{
	struct authentication_request r = request;

	(void)state;
	r.is_signed = false;
	r.signature.len = 0;
	assert_true(is_possible(&r));
	r.key_algorithm = view_of_string("ssh-rsa");
	assert_false(is_possible(&r));
	r = request;
	r.key.len = 0;
	assert_false(is_possible(&r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_over_this_session_is_a_proof),
		cmocka_unit_test(a_signature_over_anything_else_is_none),
		cmocka_unit_test(a_host_vouches_for_one_user_in_one_session),
		cmocka_unit_test(
		    what_a_host_signed_is_no_users_and_the_other_way_round),
		cmocka_unit_test(
		    one_that_is_bound_to_a_host_key_is_none_without_it),
		cmocka_unit_test(
		    a_bound_one_is_for_the_host_key_whose_hash_the_ticket_has),
		cmocka_unit_test(only_a_key_of_a_known_type_is_worth_a_probe),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
