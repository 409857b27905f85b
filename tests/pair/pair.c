/* Two engines, one after the other: bytes over, events out, answers in. */
#include "tests/pair/pair.h"

#include "lib/limits.h"
#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Made once a program: what each test would make alike. */
static struct {
	struct sp_crypto *crypto;
	struct sp_key *host_key;
	struct sp_key *user_key;
	struct sp_host_key offered;
} kept;

static void
make_keys(void)
{
	if (kept.crypto != NULL)
		return;
	kept.crypto = sp_crypto_new();
	assert_non_null(kept.crypto);
	assert_int_equal(
	    sp_key_generate(kept.crypto, "ssh-ed25519", &kept.host_key), SP_OK);
	assert_int_equal(
	    sp_key_generate(kept.crypto, "ssh-ed25519", &kept.user_key), SP_OK);
	kept.offered =
	    (struct sp_host_key){ "ssh-ed25519", sp_key_blob(kept.host_key) };
}

void
pair_init(struct pair *p)
{
	make_keys();
	*p = (struct pair){
		.crypto = kept.crypto,
		.host_key = kept.host_key,
		.user_key = kept.user_key,
		.now = 1000,
	};
	for (int role = SP_CLIENT; role <= SP_SERVER; role++)
		p->config[role] = (struct sp_engine_config){
			.role = (enum sp_role)role,
			.crypto = p->crypto,
			.now_ms = p->now,
			/* One that costs little; method_test has all. */
			.algorithms.kex = "curve25519-sha256",
		};
	p->config[SP_SERVER].host_keys = &kept.offered;
	p->config[SP_SERVER].host_key_count = 1;
}

static void
turn(const struct pair *p, enum sp_role side, bool begins)
{
	if (p->turn != NULL)
		p->turn(side, begins);
}

static void
start(struct pair *p, enum sp_role side, struct sp_engine **engine)
{
	turn(p, side, true);
	assert_int_equal(sp_engine_new(&p->config[side], engine), SP_OK);
	assert_int_equal(sp_engine_enable_connection(*engine), SP_OK);
	turn(p, side, false);
}

void
pair_start(struct pair *p)
{
	start(p, SP_CLIENT, &p->client);
	start(p, SP_SERVER, &p->server);
}

void
pair_clear(struct pair *p)
{
	sp_engine_free(p->client);
	sp_engine_free(p->server);
	p->client = p->server = NULL;
}

struct sp_engine *
pair_engine(struct pair *p, enum sp_role role)
{
	return role == SP_CLIENT ? p->client : p->server;
}

/* ---- what an owner who agrees to everything does ---- */

typedef void action(struct pair *, enum sp_role side, const struct sp_event *);

static void
begin_exchange(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	assert_int_equal(
	    sp_exchange_begin(pair_engine(p, side), event->token), SP_OK);
}

static void
sign_exchange(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	assert_int_equal(sp_key_sign(p->host_key, "ssh-ed25519",
			     event->u.sign_exchange.hash, signature, &len),
	    SP_OK);
	assert_int_equal(sp_exchange_signed(pair_engine(p, side), event->token,
			     view_of(signature, len)),
	    SP_OK);
}

static void
know_host_key(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	assert_true(
	    view_equal(event->u.host_key.blob, sp_key_blob(p->host_key)));
	assert_int_equal(
	    sp_host_key_answer(pair_engine(p, side), event->token, true),
	    SP_OK);
}

/* The server is asked about the key, and then it is used. */
static void
try_key(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	bool ask_first = event->kind == SP_EVENT_AUTH_READY;

	assert_int_equal(
	    sp_auth_publickey(pair_engine(p, side), "alice", "ssh-ed25519",
		sp_key_blob(p->user_key), ask_first),
	    SP_OK);
}

static void
sign_request(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	assert_int_equal(sp_key_sign(p->user_key, "ssh-ed25519",
			     event->u.auth_sign.data, signature, &len),
	    SP_OK);
	assert_int_equal(sp_auth_signed(pair_engine(p, side), event->token,
			     view_of(signature, len)),
	    SP_OK);
}

static bool
is_proof(const struct pair *p, const struct sp_event *event)
{
	return sp_key_verify(p->crypto, event->u.auth_request.key,
		   event->u.auth_request.key_algorithm,
		   event->u.auth_request.signed_data,
		   event->u.auth_request.signature) == SP_OK;
}

static void
authenticate(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct sp_engine *e = pair_engine(p, side);
	bool is_known =
	    view_equal(event->u.auth_request.key, sp_key_blob(p->user_key));
	enum sp_status status;

	if (is_known && !event->u.auth_request.is_signed)
		status = sp_auth_key_ok(e, event->token);
	else if (is_known && is_proof(p, event))
		status = sp_auth_accept(e, event->token);
	else
		status = sp_auth_fail(e, event->token, "publickey", false);
	assert_int_equal(status, SP_OK);
}

static void
take_responses(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	assert_int_equal(
	    sp_auth_accept(pair_engine(p, side), event->token), SP_OK);
}

/* The same to every prompt. */
static void
respond(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct sp_view responses[LIMIT_PROMPTS];

	for (uint32_t i = 0; i < event->u.auth_prompt.count; i++)
		responses[i] = view_of_string("response");
	assert_int_equal(sp_auth_respond(pair_engine(p, side), event->token,
			     responses, event->u.auth_prompt.count),
	    SP_OK);
}

static void
accept_channel(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	assert_int_equal(
	    sp_channel_accept(pair_engine(p, side), event->token), SP_OK);
}

static void
grant_request(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (event->token != 0)
		assert_int_equal(
		    sp_channel_answer(pair_engine(p, side), event->token, true),
		    SP_OK);
}

static void
take_data(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	size_t len = event->u.channel_data.data.len;

	p->bytes[side] += len;
	sp_channel_took(pair_engine(p, side), event->channel, len);
}

static void
refuse_request(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (event->token != 0)
		assert_int_equal(sp_global_answer(pair_engine(p, side),
				     event->token, false, view_of(NULL, 0)),
		    SP_OK);
}

static void
note_end(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	p->closed[side] = event->u.closed.status;
	p->reason[side] = event->u.closed.reason;
}

/* Nothing needs to be done about any other. */
static action *const actions[SP_EVENT_CLOSED + 1] = {
	[SP_EVENT_EXCHANGE] = begin_exchange,
	[SP_EVENT_SIGN_EXCHANGE] = sign_exchange,
	[SP_EVENT_HOST_KEY] = know_host_key,
	[SP_EVENT_AUTH_READY] = try_key,
	[SP_EVENT_AUTH_KEY_OK] = try_key,
	[SP_EVENT_AUTH_SIGN] = sign_request,
	[SP_EVENT_AUTH_REQUEST] = authenticate,
	[SP_EVENT_AUTH_RESPONSE] = take_responses,
	[SP_EVENT_AUTH_PROMPT] = respond,
	[SP_EVENT_CHANNEL_OPEN] = accept_channel,
	[SP_EVENT_CHANNEL_REQUEST] = grant_request,
	[SP_EVENT_CHANNEL_DATA] = take_data,
	[SP_EVENT_GLOBAL_REQUEST] = refuse_request,
	[SP_EVENT_CLOSED] = note_end,
};

static void
act(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (actions[event->kind] != NULL)
		actions[event->kind](p, side, event);
}

static bool
drain_events(struct pair *p, enum sp_role side)
{
	struct sp_event event;
	bool any = false;

	turn(p, side, true);
	while (sp_engine_next_event(pair_engine(p, side), &event)) {
		any = true;
		/* It is the last. */
		assert_int_equal(p->count[side][SP_EVENT_CLOSED], 0);
		p->count[side][event.kind]++;
		if (p->hook == NULL || !p->hook(p, side, &event))
			act(p, side, &event);
	}
	turn(p, side, false);
	return any;
}

/* As many bytes as may move together. */
static size_t
count_bytes(const struct pair *p, enum sp_role from, size_t len)
{
	if (p->chunk > 0 && len > p->chunk)
		len = p->chunk;
	if (p->moved[from] < p->split && len > p->split - p->moved[from])
		len = p->split - p->moved[from];
	return len;
}

static size_t
put_in(struct pair *p, enum sp_role to, struct sp_view bytes)
{
	size_t len;
	uint8_t *room;

	turn(p, to, true);
	len = sp_engine_input_room(pair_engine(p, to), &room);
	if (len > bytes.len)
		len = bytes.len;
	if (len > 0) {
		memcpy(room, bytes.data, len);
		sp_engine_input(pair_engine(p, to), len);
	}
	turn(p, to, false);
	return len;
}

bool
pair_move(struct pair *p, enum sp_role from)
{
	enum sp_role to = from == SP_CLIENT ? SP_SERVER : SP_CLIENT;
	struct sp_view out = sp_engine_output(pair_engine(p, from));
	size_t len;

	if (p->is_cut)
		return false;
	len = put_in(p, to, view_of(out.data, count_bytes(p, from, out.len)));
	p->moved[from] += len;
	turn(p, from, true);
	sp_engine_output_sent(pair_engine(p, from), len);
	turn(p, from, false);
	return drain_events(p, to) || len > 0;
}

bool
pair_step(struct pair *p, enum sp_role from)
{
	bool any = drain_events(p, from);

	return pair_move(p, from) || any;
}

void
pair_run(struct pair *p)
{
	bool client_moved, server_moved;

	do {
		client_moved = pair_step(p, SP_CLIENT);
		server_moved = pair_step(p, SP_SERVER);
	} while (client_moved || server_moved);
}

void
pair_login(struct pair *p)
{
	pair_run(p);
	assert_int_equal(p->count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_AUTHENTICATED], 1);
}

uint32_t
pair_open_session(struct pair *p)
{
	unsigned before = p->count[SP_CLIENT][SP_EVENT_CHANNEL_CONFIRMED];
	uint32_t number;

	assert_int_equal(
	    sp_channel_open(p->client, "session", view_of(NULL, 0), &number),
	    SP_OK);
	pair_run(p);
	assert_int_equal(
	    p->count[SP_CLIENT][SP_EVENT_CHANNEL_CONFIRMED], before + 1);
	return number;
}
