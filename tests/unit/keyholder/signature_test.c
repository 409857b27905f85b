/*
 * What a request comes to: hash and ticket by this keyholder's own
 * computing, whatever was asked.
 */
#include "daemon/keyholder/signature.h"

#include "daemon/ipc/cookie.h"
#include "daemon/ipc/ticket.h"
#include "daemon/ipc/work.h"
#include "daemon/keyholder/proving.h"
#include "daemon/keyholder/serials.h"
#include "lib/pubkey/hostproof.h"
#include "tests/unit/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 5000, TICKET_LIFE = 60000, ANSWER_MAX = 4096 };

static struct sp_crypto *crypto;
static struct vault vault;
static struct serials *serials;
static const uint8_t ticket_key[TICKET_KEY_LEN] = { 1, 2, 3 };
static const uint8_t link_secret[COOKIE_KEY_LEN] = { 4, 5, 6 };

static struct signature_means means;
static struct signature_asker gate, session;

static int
set_up(void **state)
{
	struct vault_key *key = &vault.keys[0];
	struct sp_view blob;

	(void)state;
	crypto = sp_crypto_new();
	if (crypto == NULL)
		return -1;
	vault_init(&vault, crypto);
	if (!vault_add_listener(&vault, "[::]:22") ||
	    !vault_add_listener(&vault, "[::]:23"))
		return -1;
	key->listeners = 1;
	if (sp_key_generate(crypto, "ssh-ed25519", &key->key) != SP_OK)
		return -1;
	blob = sp_key_blob(key->key);
	vault.count = 1;
	return digest_of(crypto, DIGEST_SHA256, &blob, 1, key->blob_hash) ==
		SP_OK
	    ? 0
	    : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	vault_clear(&vault);
	sp_crypto_free(crypto);
	return 0;
}

static int
begin(void **state)
{
	(void)state;
	serials = calloc(1, sizeof *serials);
	if (serials == NULL)
		return -1;
	means = (struct signature_means){
		.vault = &vault,
		.ticket_key = view_of(ticket_key, sizeof ticket_key),
		.ticket_life = TICKET_LIFE,
	};
	gate = (struct signature_asker){
		.is_gate = true,
		.gate = 3,
		.link = view_of(link_secret, sizeof link_secret),
		.serials = serials,
	};
	session.listener = view_of_string("[::]:22");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	free(serials);
	return 0;
}

/* The server's KEXINIT, with a cookie of this number; good until the next. */
static struct sp_view
server_kexinit(uint64_t serial)
{
	static uint8_t kexinit[1 + COOKIE_LEN + 4] = { 0x14 };

	assert_int_equal(
	    cookie_make(crypto, view_of(link_secret, sizeof link_secret),
		serial, kexinit + 1),
	    SP_OK);
	return view_of(kexinit, sizeof kexinit);
}

static struct signing_request
example(uint64_t serial)
{
	return (struct signing_request){
		.id = 70 + serial,
		.serial = serial,
		.listener = view_of_string("[::]:22"),
		.host_key_algorithm = view_of_string("ssh-ed25519"),
		.exchange = {
			.method = view_of_string("curve25519-sha256"),
			.client_identification = view_of_string("SSH-2.0-c"),
			.server_identification = view_of_string("SSH-2.0-s"),
			.client_kexinit = view_of_string("\x14 client"),
			.server_kexinit = server_kexinit(serial),
			.client_value = view_of_string("client value"),
			.server_value = view_of_string("server value"),
			.shared = view_of_string("shared"),
		},
	};
}

static enum sp_status
take(const struct signature_asker *asker, const struct signing_request *request)
{
	struct signature s;
	enum sp_status status;

	signature_init(&s, request->id);
	status = signature_take(&s, &means, asker, request, NOW);
	signature_clear(&s);
	return status;
}

static size_t
hash_of(const struct signing_request *request, uint8_t hash[DIGEST_MAX])
{
	struct exchange exchange = request->exchange;
	size_t len;

	exchange.host_key = sp_key_blob(vault.keys[0].key);
	assert_int_equal(exchange_hash(crypto, &exchange, hash, &len), SP_OK);
	return len;
}

static void
a_gate_gets_the_hash_signed_and_a_ticket_of_its_own(void **state)
{
	const struct signing_request request = example(1);
	struct signing_reply reply;
	struct signature s;
	struct ticket ticket;
	struct buffer answer;
	uint8_t hash[DIGEST_MAX];
	struct sp_view hashed = view_of(hash, hash_of(&request, hash));

	(void)state;
	buffer_init(&answer, ANSWER_MAX);
	signature_init(&s, request.id);
	assert_int_equal(
	    signature_take(&s, &means, &gate, &request, NOW), SP_OK);
	assert_true(view_equal(buffer_view(&s.data), hashed));
	assert_int_equal(signature_make(&s, &answer), SP_OK);
	assert_int_equal(
	    signing_reply_decode(buffer_view(&answer), &reply), SP_OK);
	assert_true(reply.id == request.id);
	assert_int_equal(
	    sp_key_verify(crypto, sp_key_blob(vault.keys[0].key),
		request.host_key_algorithm, hashed, reply.signature),
	    SP_OK);
	assert_int_equal(ticket_open(crypto, means.ticket_key, reply.ticket,
			     gate.gate, NOW + TICKET_LIFE - 1, &ticket),
	    SP_OK);
	assert_true(view_equal(ticket.hash, hashed));
	assert_true(
	    view_equal(ticket.host_key, view_of(vault.keys[0].blob_hash, 32)));
	assert_true(view_equal_string(ticket.listener, "[::]:22"));
	assert_int_equal(ticket_open(crypto, means.ticket_key, reply.ticket,
			     gate.gate, NOW + TICKET_LIFE, &ticket),
	    SP_ERR_SIGNATURE);
	assert_int_equal(ticket_open(crypto, means.ticket_key, reply.ticket,
			     gate.gate + 1, NOW, &ticket),
	    SP_ERR_SIGNATURE);
	signature_clear(&s);
	buffer_clear(&answer);
}

static void
no_exchange_gets_a_second_ticket(void **state)
{
	struct signing_request request = example(1);

	(void)state;
	assert_int_equal(take(&gate, &request), SP_OK);
	/* The same again; by another number; with a cookie of nobody's. */
	assert_int_equal(take(&gate, &request), SP_ERR_REPEATED_MESSAGE);
	request.serial = 2;
	assert_int_equal(take(&gate, &request), SP_ERR_REPEATED_MESSAGE);
	request.exchange.server_kexinit =
	    view_of_string("\x14 no cookie of this link");
	assert_int_equal(take(&gate, &request), SP_ERR_REPEATED_MESSAGE);
	request.exchange.server_kexinit = view_of_string("\x14 short");
	assert_int_equal(take(&gate, &request), SP_ERR_FORMAT);
	request = example(2);
	assert_int_equal(take(&gate, &request), SP_OK);
}

static void
a_gate_without_a_secret_gets_nothing(void **state)
{
	const struct signing_request request = example(1);

	(void)state;
	gate.link = view_of(NULL, 0);
	assert_int_equal(take(&gate, &request), SP_ERR_STATE);
}

static void
without_a_ticket_key_no_gate_gets_anything(void **state)
{
	struct signing_request request = example(1);

	(void)state;
	means.ticket_key = view_of(NULL, 0);
	assert_int_equal(take(&gate, &request), SP_ERR_STATE);
}

static void
assert_no_ticket(
    const struct signature_asker *asker, const struct signing_request *request)
{
	struct signature s;

	signature_init(&s, request->id);
	assert_int_equal(
	    signature_take(&s, &means, asker, request, NOW), SP_OK);
	assert_true(buffer_len(&s.data) > 0);
	assert_int_equal(buffer_len(&s.ticket), 0);
	signature_clear(&s);
}

static void
an_exchange_for_new_keys_has_no_ticket(void **state)
{
	struct signing_request request = example(1);

	(void)state;
	assert_no_ticket(&session, &request);
	means.ticket_key = view_of(NULL, 0);
	request.exchange.server_kexinit =
	    view_of_string("\x14\x80 is of a later one");
	assert_no_ticket(&gate, &request);
	/* As often as it likes. */
	assert_no_ticket(&gate, &request);
}

static void
unknown_keys_and_methods_are_refused_and_use_up_no_cookie(void **state)
{
	struct signing_request request = example(1);

	(void)state;
	request.host_key_algorithm = view_of_string("ssh-rsa");
	assert_int_equal(take(&gate, &request), SP_ERR_NO_HOST_KEY);
	request.host_key_algorithm =
	    view_of_string("ssh-ed25519-cert-v01@openssh.com");
	assert_int_equal(take(&gate, &request), SP_ERR_NO_HOST_KEY);
	request = example(1);
	assert_int_equal(take(&gate, &request), SP_OK);
	request = example(2);
	request.exchange.method = view_of_string("none");
	assert_int_equal(take(&gate, &request), SP_ERR_NO_KEX);
}

static enum sp_status
prove_at(const char *listener, struct sp_view session_id, const char *algorithm,
    struct sp_view blob)
{
	const struct signing_session whose = { session_id,
		view_of_string(listener) };
	const struct signing_proof proof = { 9, view_of_string(algorithm),
		blob };
	struct buffer expected;
	struct signature s;
	enum sp_status status;

	signature_init(&s, proof.id);
	status = proving_take(&s, &vault, &whose, &proof);
	if (status == SP_OK) {
		buffer_init(&expected, WORK_DATA_MAX);
		assert_int_equal(
		    hostproof_write(session_id, blob, &expected), SP_OK);
		assert_true(
		    view_equal(buffer_view(&s.data), buffer_view(&expected)));
		assert_int_equal(buffer_len(&s.ticket), 0);
		buffer_clear(&expected);
	}
	signature_clear(&s);
	return status;
}

static enum sp_status
prove(struct sp_view session_id, const char *algorithm, struct sp_view blob)
{
	return prove_at("[::]:22", session_id, algorithm, blob);
}

static void
a_listener_has_no_signature_by_anothers_key(void **state)
{
	static const char *const others[] = { "[::]:23", "[::]:24", "" };
	const struct sp_view blob = sp_key_blob(vault.keys[0].key);
	const struct sp_view id = view_of_string("session id");
	struct signing_request request = example(1);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		session.listener = request.listener = view_of_string(others[i]);
		assert_int_equal(take(&gate, &request), SP_ERR_NO_HOST_KEY);
		/* What a session says itself is not asked for. */
		request.listener = view_of_string("[::]:22");
		assert_int_equal(take(&session, &request), SP_ERR_NO_HOST_KEY);
		assert_int_equal(prove_at(others[i], id, "ssh-ed25519", blob),
		    SP_ERR_NO_HOST_KEY);
	}
	assert_int_equal(take(&gate, &request), SP_OK);
}

static void
a_proof_is_of_this_session_and_a_key_of_ours(void **state)
{
	const struct sp_view blob = sp_key_blob(vault.keys[0].key);
	const struct sp_view id = view_of_string("session id");

	(void)state;
	assert_int_equal(prove(id, "ssh-ed25519", blob), SP_OK);
	assert_int_equal(
	    prove(view_of(NULL, 0), "ssh-ed25519", blob), SP_ERR_STATE);
	assert_int_equal(prove(id, "rsa-sha2-512", blob), SP_ERR_NO_HOST_KEY);
	assert_int_equal(
	    prove(id, "ssh-ed25519", view_of(blob.data, blob.len - 1)),
	    SP_ERR_NO_HOST_KEY);
}

static void
a_signature_that_finds_no_room_is_an_error(void **state)
{
	const struct signing_request request = example(1);
	struct buffer answer;
	struct signature s;

	(void)state;
	buffer_init(&answer, 100);
	signature_init(&s, request.id);
	assert_int_equal(
	    signature_take(&s, &means, &gate, &request, NOW), SP_OK);
	assert_int_equal(signature_make(&s, &answer), SP_ERR_LIMIT);
	signature_clear(&s);
	buffer_clear(&answer);
}

static void
take_and_make(void *context)
{
	struct signing_request *request = context;
	struct buffer answer;
	struct signature s;
	enum sp_status status;

	memset(serials, 0, sizeof *serials);
	buffer_init(&answer, ANSWER_MAX);
	signature_init(&s, request->id);
	status = signature_take(&s, &means, &gate, request, NOW);
	if (status == SP_OK)
		status = signature_make(&s, &answer);
	assert_true(status == SP_OK || alloc_fail_happened());
	signature_clear(&s);
	buffer_clear(&answer);
}

static void
without_memory_nothing_is_signed_and_nothing_lost(void **state)
{
	struct signing_request request = example(1);

	(void)state;
	alloc_fail_each(take_and_make, &request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_gate_gets_the_hash_signed_and_a_ticket_of_its_own, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    no_exchange_gets_a_second_ticket, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_gate_without_a_secret_gets_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
		    without_a_ticket_key_no_gate_gets_anything, begin, end),
		cmocka_unit_test_setup_teardown(
		    an_exchange_for_new_keys_has_no_ticket, begin, end),
		cmocka_unit_test_setup_teardown(
		    unknown_keys_and_methods_are_refused_and_use_up_no_cookie,
		    begin, end),
		cmocka_unit_test_setup_teardown(
		    a_listener_has_no_signature_by_anothers_key, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_proof_is_of_this_session_and_a_key_of_ours, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_signature_that_finds_no_room_is_an_error, begin, end),
		cmocka_unit_test_setup_teardown(
		    without_memory_nothing_is_signed_and_nothing_lost, begin,
		    end),
	};

	alloc_fail_install();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
