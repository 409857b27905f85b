/*
 * A whole connection, and one that moves to another engine on its way, with
 * each allocation failing in turn: all of it ends well or says why it did
 * not, and nothing is left behind.
 */
#include "lib/wire/view.h"
#include "tests/pair/scarcity.h"
#include "tests/unit/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BULK = 60000 };

struct world {
	struct scarcity pair; /* the first: its actors are given it alone */
	bool moves; /* the server exports and imports */
	bool has_ended; /* a channel, from both sides */
	size_t received;
};

static struct sp_view
nothing(void)
{
	return view_of(NULL, 0);
}

/* ---- what the owners do ---- */

static void
sign_exchange(struct world *w, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	enum sp_status status;
	size_t len;

	status = sp_key_sign(scarcity_keys.host_key, "ssh-ed25519",
	    event->u.sign_exchange.hash, signature, &len);
	if (status == SP_OK)
		status = sp_exchange_signed(w->pair.engine[SP_SERVER],
		    event->token, view_of(signature, len));
	else
		status =
		    sp_exchange_refuse(w->pair.engine[SP_SERVER], event->token);
	scarcity_expect(status);
}

static void
sign_request(struct world *w, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len = 0;

	/* Without a signature it is refused, and that is an end as well. */
	if (sp_key_sign(scarcity_keys.user_key, "ssh-ed25519",
		event->u.auth_sign.data, signature, &len) != SP_OK)
		len = 0;
	scarcity_expect(sp_auth_signed(
	    w->pair.engine[SP_CLIENT], event->token, view_of(signature, len)));
}

static void
ask(struct world *w, bool ask_first)
{
	scarcity_expect(sp_auth_publickey(w->pair.engine[SP_CLIENT], "alice",
	    "ssh-ed25519", sp_key_blob(scarcity_keys.user_key), ask_first));
}

static void
move(struct world *w, sp_token token)
{
	struct sp_engine *old = w->pair.engine[SP_SERVER], *new = NULL;
	enum sp_status status;
	uint8_t *data;
	size_t len;

	status = sp_engine_export(old, token, &data, &len);
	if (status != SP_OK) {
		/* It had no effect: the question is still there. */
		scarcity_expect(status);
		scarcity_expect(sp_auth_accept(old, token));
		return;
	}
	sp_engine_free(old);
	status = sp_engine_import(
	    &w->pair.config[SP_SERVER], view_of(data, len), &new);
	sp_engine_export_free(data, len);
	if (status == SP_OK)
		status = sp_engine_enable_connection(new);
	if (status == SP_OK)
		status = sp_engine_import_accept(new);
	scarcity_expect(status);
	if (status != SP_OK) {
		sp_engine_free(new);
		new = NULL;
	}
	w->pair.engine[SP_SERVER] = new;
}

static void
authenticate(struct world *w, const struct sp_event *event)
{
	struct sp_engine *e = w->pair.engine[SP_SERVER];
	bool is_good = event->u.auth_request.is_signed &&
	    sp_key_verify(scarcity_keys.crypto, event->u.auth_request.key,
		event->u.auth_request.key_algorithm,
		event->u.auth_request.signed_data,
		event->u.auth_request.signature) == SP_OK;

	if (!event->u.auth_request.is_signed)
		scarcity_expect(sp_auth_key_ok(e, event->token));
	else if (!is_good)
		scarcity_expect(
		    sp_auth_fail(e, event->token, "publickey", false));
	else if (w->moves)
		move(w, event->token);
	else
		scarcity_expect(sp_auth_accept(e, event->token));
}

/* Data both ways, an end to it, and new keys in between. */
static void
send_bulk(struct world *w, enum sp_role side, uint32_t channel)
{
	static const uint8_t bytes[BULK];
	size_t taken;

	scarcity_expect(sp_channel_write(w->pair.engine[side], channel, 0,
	    view_of(bytes, sizeof bytes), &taken));
	scarcity_expect(sp_channel_write(
	    w->pair.engine[side], channel, 1, view_of(bytes, 1000), &taken));
	scarcity_expect(sp_channel_eof(w->pair.engine[side], channel));
	if (w->pair.engine[side] != NULL)
		scarcity_expect(sp_engine_rekey(w->pair.engine[side]));
}

static void
act_as_server(struct scarcity *pair, const struct sp_event *event)
{
	struct world *w = (struct world *)pair;
	struct sp_engine *e = w->pair.engine[SP_SERVER];
	uint32_t channel = event->channel;

	if (event->kind == SP_EVENT_SIGN_EXCHANGE) {
		sign_exchange(w, event);
	} else if (event->kind == SP_EVENT_AUTH_REQUEST) {
		authenticate(w, event);
	} else if (event->kind == SP_EVENT_CHANNEL_OPEN) {
		scarcity_expect(sp_channel_accept(e, event->token));
	} else if (event->kind == SP_EVENT_CHANNEL_REQUEST) {
		scarcity_expect(sp_channel_answer(e, event->token, true));
	} else if (event->kind == SP_EVENT_GLOBAL_REQUEST) {
		scarcity_expect(sp_global_answer(
		    e, event->token, true, view_of("data", 4)));
	} else if (event->kind == SP_EVENT_CHANNEL_DATA) {
		/* The half: the rest waits in its queue. */
		sp_channel_took(e, channel, event->u.channel_data.data.len / 2);
	} else if (event->kind == SP_EVENT_CHANNEL_EOF) {
		sp_channel_consume(
		    e, channel, 0, sp_channel_queue(e, channel, 0).len);
		send_bulk(w, SP_SERVER, channel);
		scarcity_expect(sp_channel_close(e, channel));
	}
}

static void
act_as_client(struct scarcity *pair, const struct sp_event *event)
{
	struct world *w = (struct world *)pair;
	struct sp_engine *e = w->pair.engine[SP_CLIENT];
	uint32_t channel;

	if (event->kind == SP_EVENT_HOST_KEY) {
		scarcity_expect(sp_host_key_answer(e, event->token, true));
	} else if (event->kind == SP_EVENT_AUTH_READY) {
		ask(w, true);
	} else if (event->kind == SP_EVENT_AUTH_KEY_OK) {
		ask(w, false);
	} else if (event->kind == SP_EVENT_AUTH_SIGN) {
		sign_request(w, event);
	} else if (event->kind == SP_EVENT_AUTHENTICATED) {
		scarcity_expect(
		    sp_channel_open(e, "session", nothing(), &channel));
	} else if (event->kind == SP_EVENT_CHANNEL_CONFIRMED) {
		scarcity_expect(sp_channel_request(
		    e, event->channel, "exec", true, nothing()));
		scarcity_expect(sp_global_request(e, "any", true, nothing()));
	} else if (event->kind == SP_EVENT_CHANNEL_REPLY) {
		send_bulk(w, SP_CLIENT, event->channel);
	} else if (event->kind == SP_EVENT_CHANNEL_DATA) {
		w->received += event->u.channel_data.data.len;
		sp_channel_took(
		    e, event->channel, event->u.channel_data.data.len);
	} else if (event->kind == SP_EVENT_CHANNEL_CLOSED) {
		w->has_ended = true;
	}
}

/* How it goes: to another engine on its way, and by which algorithms. */
struct course {
	bool moves;
	struct sp_algorithms algorithms;
};

static void
live(void *context)
{
	const struct course *course = context;
	struct world w = {
		.pair.act = { act_as_client, act_as_server },
		.moves = course->moves,
	};

	scarcity_init(&w.pair, &course->algorithms);
	scarcity_run(&w.pair);
	scarcity_check(&w.pair, w.has_ended && w.received == BULK + 1000);
}

static void
a_connection_survives_the_want_of_memory_or_says_so(void **state)
{
	struct course course = { .moves = false };

	(void)state;
	alloc_fail_each(live, &course);
}

static void
so_does_one_that_moves_to_another_engine(void **state)
{
	struct course course = { .moves = true };

	(void)state;
	alloc_fail_each(live, &course);
}

/* A MAC allocates for each packet, and a stream as it goes on. */
static void
so_does_one_with_a_mac_and_compression(void **state)
{
	struct course course = {
		.moves = true,
		.algorithms = {
			.cipher = "aes256-ctr",
			.mac = "hmac-sha2-256",
			.compression = "zlib@openssh.com",
		},
	};

	(void)state;
	alloc_fail_each(live, &course);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_connection_survives_the_want_of_memory_or_says_so),
		cmocka_unit_test(so_does_one_that_moves_to_another_engine),
		cmocka_unit_test(so_does_one_with_a_mac_and_compression),
	};
	int failed = 1;

	if (scarcity_begin())
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	scarcity_end();
	return failed;
}
