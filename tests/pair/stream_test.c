/*
 * Where compression begins (zlib@openssh.com): what a client sealed before
 * it knew of SUCCESS is not compressed, and may come after it.
 */
#include "lib/transport/transport.h"
#include "lib/transport/zlibstream.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The question whether to let the client in stays open. */
static bool
keep_proof(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST ||
	    !event->u.auth_request.is_signed)
		return false;
	*(sp_token *)p->arg = event->token;
	return true;
}

static void
run_to_verdict(struct pair *p, size_t chunk, sp_token *token)
{
	pair_init(p);
	p->config[SP_CLIENT].algorithms.compression = "zlib@openssh.com";
	p->config[SP_SERVER].algorithms.compression = "zlib@openssh.com,none";
	p->hook = keep_proof;
	p->arg = token;
	*token = 0;
	pair_start(p);
	pair_run(p);
	assert_int_not_equal(*token, 0);
	p->hook = NULL;
	p->chunk = chunk;
}

static void
accept(struct pair *p, sp_token token)
{
	assert_int_equal(sp_auth_accept(p->server, token), SP_OK);
	assert_non_null(forger_transport(p, SP_SERVER)->rx.zlib);
	pair_run(p);
}

static void
a_farewell_that_crosses_success_is_understood(void **state)
{
	(void)state;
	for (size_t chunk = 0; chunk < 2; chunk++) {
		struct pair p;
		sp_token token;

		run_to_verdict(&p, chunk, &token);
		sp_engine_disconnect(p.client, 11, "enough");
		accept(&p, token);
		assert_int_equal(p.closed[SP_SERVER], SP_ERR_DISCONNECTED);
		pair_clear(&p);
	}
}

/* A client may say these before it is told. */
static void
what_else_crosses_it_is_too_and_compression_begins_behind(void **state)
{
	(void)state;
	for (size_t chunk = 0; chunk < 2; chunk++) {
		struct pair p;
		sp_token token;

		run_to_verdict(&p, chunk, &token);
		forger_send_ignore(&p, SP_CLIENT);
		forger_say(&p, SP_CLIENT, "bbss", SSH_MSG_DEBUG, 0, "", "");
		forger_say(&p, SP_CLIENT, "bsss", SSH_MSG_USERAUTH_REQUEST,
		    "alice", "ssh-connection", "none");
		accept(&p, token);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
		assert_non_null(forger_transport(&p, SP_CLIENT)->tx.zlib);
		assert_int_equal(pair_open_session(&p), 0);
		assert_false(forger_transport(&p, SP_SERVER)->rx.awaits_stream);
		pair_clear(&p);
	}
}

/* Its KEXINIT comes in clear, and the rest of the exchange compressed. */
static void
so_may_the_begin_of_new_keys(void **state)
{
	struct transport *client;
	struct pair p;
	sp_token token;

	(void)state;
	run_to_verdict(&p, 0, &token);
	client = forger_transport(&p, SP_CLIENT);
	forger_send_kexinit(
	    &p, SP_CLIENT, &(struct forger_kexinit){ .has_markers = false });
	assert_null(client->tx.zlib);
	accept(&p, token);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_KEX_DONE], 2);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
	pair_open_session(&p);
	pair_clear(&p);
}

/* The exchange is the server's: SUCCESS waits until it is over. */
static void
so_may_what_comes_under_the_first_keys_with_compression(void **state)
{
	struct pair p;
	sp_token token;

	(void)state;
	run_to_verdict(&p, 0, &token);
	assert_int_equal(sp_engine_rekey(p.server), SP_OK);
	assert_int_equal(sp_auth_accept(p.server, token), SP_OK);
	assert_null(forger_transport(&p, SP_SERVER)->rx.zlib);
	while (p.count[SP_SERVER][SP_EVENT_KEX_DONE] < 2)
		assert_true(
		    pair_step(&p, SP_SERVER) | pair_step(&p, SP_CLIENT));
	assert_true(forger_transport(&p, SP_SERVER)->rx.awaits_stream);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	pair_open_session(&p);
	pair_clear(&p);
}

static void
behind_the_first_compressed_packet_none_is_in_clear(void **state)
{
	struct transport *client;
	struct zlibstream *kept;
	struct pair p;
	sp_token token;

	(void)state;
	run_to_verdict(&p, 0, &token);
	accept(&p, token);
	pair_open_session(&p);
	client = forger_transport(&p, SP_CLIENT);
	kept = client->tx.zlib;
	client->tx.zlib = NULL;
	forger_send_ignore(&p, SP_CLIENT);
	client->tx.zlib = kept;
	pair_run(&p);
	/* Whatever its bytes are in the middle of a stream. */
	assert_int_not_equal(p.closed[SP_SERVER], SP_OK);
	pair_clear(&p);
}

/* What a server says after SUCCESS it has sealed after it. */
static void
a_client_takes_nothing_in_clear(void **state)
{
	struct transport *server;
	struct zlibstream *kept;
	struct pair p;
	sp_token token;

	(void)state;
	run_to_verdict(&p, 0, &token);
	assert_int_equal(sp_auth_accept(p.server, token), SP_OK);
	server = forger_transport(&p, SP_SERVER);
	kept = server->tx.zlib;
	server->tx.zlib = NULL;
	forger_send_ignore(&p, SP_SERVER);
	server->tx.zlib = kept;
	pair_run(&p);
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_COMPRESSION);
	pair_clear(&p);
}

/* RFC 1950 2.2: what tells the one from the other. */
static void
no_message_begins_like_a_stream(void **state)
{
	struct zlibstream *stream;
	struct sp_view deflated;

	(void)state;
	for (size_t i = 0; message_row(i) != NULL; i++)
		assert_int_not_equal(message_row(i)->number & 0x0f, 8);
	assert_int_equal(zlibstream_new_deflate(&stream), SP_OK);
	assert_int_equal(
	    zlibstream_run(stream, view_of("\2\0\0\0\0", 5), &deflated), SP_OK);
	assert_int_equal(deflated.data[0] & 0x0f, 8);
	zlibstream_free(stream);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_farewell_that_crosses_success_is_understood),
		cmocka_unit_test(
		    what_else_crosses_it_is_too_and_compression_begins_behind),
		cmocka_unit_test(so_may_the_begin_of_new_keys),
		cmocka_unit_test(
		    so_may_what_comes_under_the_first_keys_with_compression),
		cmocka_unit_test(
		    behind_the_first_compressed_packet_none_is_in_clear),
		cmocka_unit_test(a_client_takes_nothing_in_clear),
		cmocka_unit_test(no_message_begins_like_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
