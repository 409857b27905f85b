/*
 * A whole connection, and one that moves to another engine on its way, with
 * each allocation failing in turn: all of it ends well or says why it did
 * not, and nothing is left behind.
 */
#include "lib/wire/view.h"
#include "tests/unit/alloc_fail.h"

#include <sallyport/engine.h>
#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BULK = 60000 };

/* Made before anything fails. */
static struct sp_crypto *crypto;
static struct sp_key *host_key, *user_key;

struct world {
	struct sp_engine_config config[2]; /* by role */
	struct sp_host_key offered;
	struct sp_engine *engine[2];
	bool moves; /* the server exports and imports */
	bool has_ended; /* a channel, from both sides */
	size_t received;
	unsigned ends[2]; /* times CLOSED was said */
	enum sp_status end[2];
};

static struct sp_view
nothing(void)
{
	return view_of(NULL, 0);
}

/* A call that failed for want of memory did so alone, or ended it all. */
static void
expect(enum sp_status status)
{
	if (status == SP_OK)
		return;
	assert_true(alloc_fail_happened());
	assert_true(status == SP_ERR_MEMORY || status == SP_ERR_CRYPTO ||
	    status == SP_ERR_STATE || status == SP_ERR_STALE_TOKEN ||
	    status == SP_ERR_CHANNEL || status == SP_ERR_LIMIT);
}

/* ---- what the owners do ---- */

static void
sign_exchange(struct world *w, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	enum sp_status status;
	size_t len;

	status = sp_key_sign(host_key, "ssh-ed25519",
	    event->u.sign_exchange.hash, signature, &len);
	if (status == SP_OK)
		status = sp_exchange_signed(w->engine[SP_SERVER], event->token,
		    view_of(signature, len));
	else
		status = sp_exchange_refuse(w->engine[SP_SERVER], event->token);
	expect(status);
}

static void
sign_request(struct world *w, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len = 0;

	/* Without a signature it is refused, and that is an end as well. */
	if (sp_key_sign(user_key, "ssh-ed25519", event->u.auth_sign.data,
		signature, &len) != SP_OK)
		len = 0;
	expect(sp_auth_signed(
	    w->engine[SP_CLIENT], event->token, view_of(signature, len)));
}

static void
ask(struct world *w, bool ask_first)
{
	expect(sp_auth_publickey(w->engine[SP_CLIENT], "alice", "ssh-ed25519",
	    sp_key_blob(user_key), ask_first));
}

static void
move(struct world *w, sp_token token)
{
	struct sp_engine *old = w->engine[SP_SERVER], *new = NULL;
	enum sp_status status;
	uint8_t *data;
	size_t len;

	status = sp_engine_export(old, token, &data, &len);
	if (status != SP_OK) {
		/* It had no effect: the question is still there. */
		expect(status);
		expect(sp_auth_accept(old, token));
		return;
	}
	sp_engine_free(old);
	status =
	    sp_engine_import(&w->config[SP_SERVER], view_of(data, len), &new);
	sp_engine_export_free(data, len);
	if (status == SP_OK)
		status = sp_engine_enable_connection(new);
	if (status == SP_OK)
		status = sp_engine_import_accept(new);
	expect(status);
	if (status != SP_OK) {
		sp_engine_free(new);
		new = NULL;
	}
	w->engine[SP_SERVER] = new;
}

static void
authenticate(struct world *w, const struct sp_event *event)
{
	struct sp_engine *e = w->engine[SP_SERVER];
	bool is_good = event->u.auth_request.is_signed &&
	    sp_key_verify(crypto, event->u.auth_request.key,
		event->u.auth_request.key_algorithm,
		event->u.auth_request.signed_data,
		event->u.auth_request.signature) == SP_OK;

	if (!event->u.auth_request.is_signed)
		expect(sp_auth_key_ok(e, event->token));
	else if (!is_good)
		expect(sp_auth_fail(e, event->token, "publickey", false));
	else if (w->moves)
		move(w, event->token);
	else
		expect(sp_auth_accept(e, event->token));
}

/* Data both ways, an end to it, and new keys in between. */
static void
send_bulk(struct world *w, enum sp_role side, uint32_t channel)
{
	static const uint8_t bytes[BULK];
	size_t taken;

	expect(sp_channel_write(
	    w->engine[side], channel, 0, view_of(bytes, sizeof bytes), &taken));
	expect(sp_channel_write(
	    w->engine[side], channel, 1, view_of(bytes, 1000), &taken));
	expect(sp_channel_eof(w->engine[side], channel));
	if (w->engine[side] != NULL)
		expect(sp_engine_rekey(w->engine[side]));
}

static void
act_as_server(struct world *w, const struct sp_event *event)
{
	struct sp_engine *e = w->engine[SP_SERVER];
	uint32_t channel = event->channel;

	if (event->kind == SP_EVENT_SIGN_EXCHANGE) {
		sign_exchange(w, event);
	} else if (event->kind == SP_EVENT_AUTH_REQUEST) {
		authenticate(w, event);
	} else if (event->kind == SP_EVENT_CHANNEL_OPEN) {
		expect(sp_channel_accept(e, event->token));
	} else if (event->kind == SP_EVENT_CHANNEL_REQUEST) {
		expect(sp_channel_answer(e, event->token, true));
	} else if (event->kind == SP_EVENT_GLOBAL_REQUEST) {
		expect(sp_global_answer(
		    e, event->token, true, view_of("data", 4)));
	} else if (event->kind == SP_EVENT_CHANNEL_DATA) {
		/* The half: the rest waits in its queue. */
		sp_channel_took(e, channel, event->u.channel_data.data.len / 2);
	} else if (event->kind == SP_EVENT_CHANNEL_EOF) {
		sp_channel_consume(
		    e, channel, 0, sp_channel_queue(e, channel, 0).len);
		send_bulk(w, SP_SERVER, channel);
		expect(sp_channel_close(e, channel));
	}
}

static void
act_as_client(struct world *w, const struct sp_event *event)
{
	struct sp_engine *e = w->engine[SP_CLIENT];
	uint32_t channel;

	if (event->kind == SP_EVENT_HOST_KEY) {
		expect(sp_host_key_answer(e, event->token, true));
	} else if (event->kind == SP_EVENT_AUTH_READY) {
		ask(w, true);
	} else if (event->kind == SP_EVENT_AUTH_KEY_OK) {
		ask(w, false);
	} else if (event->kind == SP_EVENT_AUTH_SIGN) {
		sign_request(w, event);
	} else if (event->kind == SP_EVENT_AUTHENTICATED) {
		expect(sp_channel_open(e, "session", nothing(), &channel));
	} else if (event->kind == SP_EVENT_CHANNEL_CONFIRMED) {
		expect(sp_channel_request(
		    e, event->channel, "exec", true, nothing()));
		expect(sp_global_request(e, "any", true, nothing()));
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

/* ---- the world they do it in ---- */

static bool
hand_out(struct world *w, enum sp_role side)
{
	struct sp_event event;
	bool any = false;

	while (w->engine[side] != NULL &&
	    sp_engine_next_event(w->engine[side], &event)) {
		any = true;
		assert_int_equal(w->ends[side], 0);
		if (event.kind == SP_EVENT_CLOSED) {
			w->ends[side]++;
			w->end[side] = event.u.closed.status;
		} else if (side == SP_CLIENT) {
			act_as_client(w, &event);
		} else {
			act_as_server(w, &event);
		}
	}
	return any;
}

static bool
carry(struct world *w, enum sp_role from)
{
	enum sp_role to = from == SP_CLIENT ? SP_SERVER : SP_CLIENT;
	struct sp_view out;
	uint8_t *room;
	size_t len;

	if (w->engine[from] == NULL || w->engine[to] == NULL)
		return false;
	len = sp_engine_input_room(w->engine[to], &room);
	out = sp_engine_output(w->engine[from]);
	if (out.len < len)
		len = out.len;
	if (len == 0)
		return false;
	memcpy(room, out.data, len);
	sp_engine_input(w->engine[to], len);
	sp_engine_output_sent(w->engine[from], len);
	return true;
}

static void
run(struct world *w)
{
	bool any;

	do {
		any = hand_out(w, SP_CLIENT);
		any = carry(w, SP_CLIENT) || any;
		any = hand_out(w, SP_SERVER) || any;
		any = carry(w, SP_SERVER) || any;
	} while (any);
}

/* Why one may end for want of memory; who reports it may be OpenSSL. */
static void
check_end(enum sp_status status)
{
	static const enum sp_status ends[] = { SP_ERR_MEMORY, SP_ERR_CRYPTO,
		SP_ERR_RANDOM, SP_ERR_KEX_VALUE, SP_ERR_SIGNATURE,
		SP_ERR_NO_HOST_KEY, SP_ERR_DISCONNECTED };

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (status == ends[i])
			return;
	fail_msg("%s", sp_status_name(status));
}

static void
check(const struct world *w)
{
	if (!alloc_fail_happened()) {
		assert_true(w->has_ended);
		assert_int_equal(w->received, BULK + 1000);
		assert_int_equal(w->ends[SP_CLIENT] + w->ends[SP_SERVER], 0);
		return;
	}
	for (int side = SP_CLIENT; side <= SP_SERVER; side++)
		if (w->ends[side] > 0)
			check_end(w->end[side]);
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
	struct world w = { .moves = course->moves };

	w.offered =
	    (struct sp_host_key){ "ssh-ed25519", sp_key_blob(host_key) };
	for (int role = SP_CLIENT; role <= SP_SERVER; role++) {
		w.config[role] = (struct sp_engine_config){
			.role = (enum sp_role)role,
			.crypto = crypto,
			.algorithms = course->algorithms,
			.host_keys = &w.offered,
			.host_key_count = role == SP_SERVER,
			.now_ms = 1,
		};
		expect(sp_engine_new(&w.config[role], &w.engine[role]));
		if (w.engine[role] != NULL)
			expect(sp_engine_enable_connection(w.engine[role]));
	}
	if (w.engine[SP_CLIENT] != NULL && w.engine[SP_SERVER] != NULL)
		run(&w);
	alloc_fail_stop();
	check(&w);
	sp_engine_free(w.engine[SP_CLIENT]);
	sp_engine_free(w.engine[SP_SERVER]);
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

	alloc_fail_install();
	crypto = sp_crypto_new();
	if (crypto != NULL &&
	    sp_key_generate(crypto, "ssh-ed25519", &host_key) == SP_OK &&
	    sp_key_generate(crypto, "ssh-ed25519", &user_key) == SP_OK)
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_key_free(host_key);
	sp_key_free(user_key);
	sp_crypto_free(crypto);
	return failed;
}
