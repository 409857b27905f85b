/* Proofs that name the host key of the connection they are for. */
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char method[] = "publickey-hostbound-v00@openssh.com";

/* What one test wants, and what the server saw. */
struct scene {
	bool is_not_announced;
	struct sp_key *second; /* a host key for the exchange after the first */
	unsigned requests;
	unsigned bound; /* of them */
	struct sp_view host_key; /* what they have to be bound to */
};

static void
log_in(struct pair *p)
{
	assert_int_equal(sp_auth_publickey(p->client, "alice", "ssh-ed25519",
			     sp_key_blob(p->user_key), true),
	    SP_OK);
}

/* New keys, with the other host key. */
static void
rekey(struct pair *p)
{
	struct negotiation_offer *offer =
	    &forger_transport(p, SP_CLIENT)->offer;

	free(offer->host_key);
	offer->host_key = strdup("ecdsa-sha2-nistp256");
	assert_non_null(offer->host_key);
	assert_int_equal(sp_engine_rekey(p->client), SP_OK);
}

static void
sign_with(struct pair *p, const struct sp_key *key, const struct sp_event *e)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	assert_int_equal(sp_key_sign(key, sp_key_type(key),
			     e->u.sign_exchange.hash, signature, &len),
	    SP_OK);
	assert_int_equal(
	    sp_exchange_signed(p->server, e->token, view_of(signature, len)),
	    SP_OK);
}

static void
check_request(struct scene *scene, const struct sp_event *event)
{
	scene->requests++;
	assert_true(
	    view_equal_string(event->u.auth_request.method, "publickey"));
	if (event->u.auth_request.bound_to.len == 0)
		return;
	scene->bound++;
	assert_true(
	    view_equal(event->u.auth_request.bound_to, scene->host_key));
}

static bool
watch(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct scene *scene = p->arg;
	bool is_later = p->count[SP_CLIENT][SP_EVENT_KEX_DONE] > 0;

	if (event->kind == SP_EVENT_AUTH_REQUEST)
		check_request(scene, event);
	if (event->kind == SP_EVENT_AUTH_READY && scene->is_not_announced)
		forger_transport(p, SP_CLIENT)->extensions &=
		    ~(unsigned)EXTENSION_HOST_BOUND;
	if (scene->second == NULL)
		return false;
	if (event->kind == SP_EVENT_AUTH_READY) {
		rekey(p);
		return true;
	}
	if (event->kind == SP_EVENT_KEX_DONE && !event->u.kex.first &&
	    side == SP_CLIENT)
		log_in(p);
	if (event->kind == SP_EVENT_SIGN_EXCHANGE && is_later) {
		sign_with(p, scene->second, event);
		return true;
	}
	if (event->kind == SP_EVENT_HOST_KEY && is_later) {
		assert_true(view_equal(
		    event->u.host_key.blob, sp_key_blob(scene->second)));
		assert_int_equal(
		    sp_host_key_answer(p->client, event->token, true), SP_OK);
		return true;
	}
	return false;
}

static void
prepare(struct pair *p, struct scene *scene)
{
	pair_init(p);
	scene->host_key = sp_key_blob(p->host_key);
	p->hook = watch;
	p->arg = scene;
}

static void
a_client_binds_its_proof_where_the_server_knows_how(void **state)
{
	struct scene scene = { 0 };
	struct pair p;

	(void)state;
	prepare(&p, &scene);
	pair_start(&p);
	pair_login(&p);
	assert_int_equal(scene.requests, 2);
	assert_int_equal(scene.bound, 2);
	pair_open_session(&p);
	pair_clear(&p);
}

static void
and_not_where_the_server_said_nothing_of_it(void **state)
{
	struct scene scene = { .is_not_announced = true };
	struct pair p;

	(void)state;
	prepare(&p, &scene);
	pair_start(&p);
	pair_login(&p);
	assert_int_equal(scene.requests, 2);
	assert_int_equal(scene.bound, 0);
	pair_clear(&p);
}

static void
it_is_bound_to_the_first_host_key_whatever_signed_later(void **state)
{
	struct sp_host_key keys[2] = { { "ssh-ed25519", { 0 } },
		{ "ecdsa-sha2-nistp256", { 0 } } };
	struct scene scene = { 0 };
	struct pair p;

	(void)state;
	prepare(&p, &scene);
	assert_int_equal(
	    sp_key_generate(p.crypto, keys[1].algorithm, &scene.second), SP_OK);
	keys[0].blob = sp_key_blob(p.host_key);
	keys[1].blob = sp_key_blob(scene.second);
	p.config[SP_SERVER].host_keys = keys;
	p.config[SP_SERVER].host_key_count = 2;
	p.config[SP_SERVER].algorithms.host_key =
	    "ssh-ed25519,ecdsa-sha2-nistp256";
	pair_start(&p);
	pair_login(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
	assert_int_equal(scene.bound, 2);
	sp_key_free(scene.second);
	pair_clear(&p);
}

/* ---- what no client of ours sends ---- */

static void
write_request(struct writer *w, bool is_signed, struct sp_view host_key)
{
	writer_u8(w, 50);
	writer_cstring(w, "alice");
	writer_cstring(w, "ssh-connection");
	writer_cstring(w, method);
	writer_bool(w, is_signed);
	writer_cstring(w, "ssh-ed25519");
	writer_cstring(w, "a key");
	writer_string(w, host_key);
	if (is_signed)
		writer_cstring(w, "a signature");
}

/* Sends a request, or the front of one, and says how the server ended. */
static enum sp_status
send_request(bool is_signed, struct sp_view host_key, size_t missing)
{
	struct buffer payload;
	struct writer w;
	struct pair p;
	enum sp_status status;

	pair_init(&p);
	forger_bring(&p, SP_SERVER, PHASE_USERAUTH, true);
	buffer_init(&payload, LIMIT_PACKET);
	writer_init(&w, &payload);
	write_request(&w, is_signed,
	    host_key.data == NULL ? sp_key_blob(p.host_key) : host_key);
	assert_int_equal(writer_finish(&w), SP_OK);
	buffer_truncate(&payload, buffer_len(&payload) - missing);
	forger_send(&p, SP_CLIENT, buffer_view(&payload));
	forger_deliver(&p, SP_SERVER);
	status = p.closed[SP_SERVER];
	assert_int_equal(
	    p.count[SP_SERVER][SP_EVENT_AUTH_REQUEST], status == SP_OK ? 1 : 0);
	buffer_clear(&payload);
	pair_clear(&p);
	return status;
}

static void
a_request_bound_to_any_other_host_key_ends_the_connection(void **state)
{
	uint8_t blob[128];
	struct sp_view here;
	struct sp_key *other;
	struct pair p;

	(void)state;
	pair_init(&p);
	here = sp_key_blob(p.host_key);
	assert_true(here.len < sizeof blob);
	assert_int_equal(
	    sp_key_generate(p.crypto, "ssh-ed25519", &other), SP_OK);
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		assert_int_equal(send_request(is_signed, here, 0), SP_OK);
		assert_int_equal(send_request(is_signed, sp_key_blob(other), 0),
		    SP_ERR_AUTH_HOST_KEY);
		assert_int_equal(send_request(is_signed, view_of("", 0), 0),
		    SP_ERR_AUTH_HOST_KEY);
		for (size_t i = 0; i < here.len; i += 7) {
			memcpy(blob, here.data, here.len);
			blob[i] ^= 1;
			assert_int_equal(
			    send_request(is_signed, view_of(blob, here.len), 0),
			    SP_ERR_AUTH_HOST_KEY);
			assert_int_equal(
			    send_request(is_signed, view_of(here.data, i), 0),
			    SP_ERR_AUTH_HOST_KEY);
		}
	}
	sp_key_free(other);
}

static void
one_that_is_not_whole_ends_it_too(void **state)
{
	(void)state;
	/* From the end of the signature to the front of the host key. */
	for (size_t missing = 1; missing < 4 + 11 + 4 + 51; missing += 3)
		assert_int_equal(send_request(true, view_of(NULL, 0), missing),
		    SP_ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_client_binds_its_proof_where_the_server_knows_how),
		cmocka_unit_test(and_not_where_the_server_said_nothing_of_it),
		cmocka_unit_test(
		    it_is_bound_to_the_first_host_key_whatever_signed_later),
		cmocka_unit_test(
		    a_request_bound_to_any_other_host_key_ends_the_connection),
		cmocka_unit_test(one_that_is_not_whole_ends_it_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
