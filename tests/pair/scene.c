/* What has to be so that a message is expected, and how it ended. */
#include "tests/pair/scene.h"

#include "lib/transport/transport.h"
#include "lib/wire/status.h"
#include "tests/pair/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

const enum message_phase scene_phases[SCENE_PHASES] = { PHASE_FIRST_KEXINIT,
	PHASE_FIRST_KEX, PHASE_FIRST_NEWKEYS, PHASE_SERVICE, PHASE_USERAUTH,
	PHASE_CONNECTION, PHASE_REKEX, PHASE_RENEWKEYS, PHASE_USER_REKEX,
	PHASE_USER_RENEWKEYS };

/* Gives every answer something to be an answer to. */
static void
ask_for_replies(struct pair *p, enum sp_role victim)
{
	struct sp_engine *e = pair_engine(p, victim);
	struct sp_view none = view_of(NULL, 0);
	uint32_t number;

	assert_int_equal(pair_open_session(p), SHAPE_CHANNEL_THERE);
	assert_int_equal(sp_channel_open(e, "any", none, &number), SP_OK);
	assert_int_equal(number, SHAPE_CHANNEL_WANTED);
	assert_int_equal(
	    sp_channel_request(e, SHAPE_CHANNEL_THERE, "any", true, none),
	    SP_OK);
	assert_int_equal(sp_global_request(e, "any", true, none), SP_OK);
}

/*
 * SUCCESS answers a request that carries a proof, not the query that the
 * pair begins with; others answer requests of their own method.
 */
static void
try_method_of(struct pair *p, const struct message *row)
{
	enum sp_status status;

	if (row->family == FAMILY_PASSWORD)
		status = sp_auth_password(
		    p->client, "alice", view_of_string("secret"), NULL);
	else if (row->family == FAMILY_KEYBOARD)
		status = sp_auth_keyboard_interactive(p->client, "alice", "");
	else
		status = sp_auth_none(p->client, "alice");
	assert_int_equal(status, SP_OK);
}

static bool
try_another(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	static const struct sp_prompt prompt = { { NULL, 0 }, false };

	if (side == SP_CLIENT && event->kind == SP_EVENT_AUTH_FAILED) {
		try_method_of(p, p->arg);
		return true;
	}
	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST)
		return false;
	assert_int_equal(
	    sp_auth_prompt(p->server, event->token, "", "", &prompt, 1), SP_OK);
	return true;
}

/* The client is refused, and has a request of the row's method open. */
static void
refuse_client(struct pair *p)
{
	forger_say(
	    p, SP_SERVER, "bsb", SSH_MSG_USERAUTH_FAILURE, "publickey", 0);
	forger_deliver(p, SP_CLIENT);
}

/* The server asks, and awaits responses. */
static void
ask_for_prompts(struct pair *p)
{
	forger_say(p, SP_CLIENT, "bsssss", SSH_MSG_USERAUTH_REQUEST, "alice",
	    "ssh-connection", "keyboard-interactive", "", "");
	forger_deliver(p, SP_SERVER);
}

static void
prepare_userauth(struct pair *p, const struct scene *s)
{
	bool has_method = s->row->family == FAMILY_PASSWORD ||
	    s->row->family == FAMILY_KEYBOARD;

	p->hook = try_another;
	p->arg = (void *)(uintptr_t)s->row;
	if (s->victim == SP_CLIENT &&
	    (has_method || s->row->number == SSH_MSG_USERAUTH_SUCCESS))
		refuse_client(p);
	else if (s->victim == SP_SERVER && s->row->family == FAMILY_KEYBOARD)
		ask_for_prompts(p);
	p->hook = NULL;
}

/* A value is expected once there is a group. */
static void
prepare_group(struct pair *p, const struct scene *s)
{
	struct buffer payload;

	if (s->row->number == SSH_MSG_KEX_DH_GEX_INIT)
		forger_say(p, SP_CLIENT, "buuu", SSH_MSG_KEX_DH_GEX_REQUEST,
		    2048, 2048, 8192);
	if (s->row->number == SSH_MSG_KEX_DH_GEX_REPLY) {
		buffer_init(&payload, LIMIT_PACKET);
		shape_write(
		    shape_row(MESSAGE_ROW_KEX_DH_GEX_GROUP), &payload, NULL);
		forger_send(p, SP_SERVER, buffer_view(&payload));
		buffer_clear(&payload);
	}
	forger_deliver(p, s->victim);
}

static bool
is_after_login(enum message_phase phase)
{
	return phase == PHASE_CONNECTION || phase == PHASE_USER_REKEX ||
	    phase == PHASE_USER_RENEWKEYS;
}

static bool
is_of_method(enum message_phase phase)
{
	return phase == PHASE_FIRST_KEX || phase == PHASE_REKEX ||
	    phase == PHASE_USER_REKEX;
}

void
scene_set(struct pair *p, const struct scene *s)
{
	pair_init(p);
	if (s->is_gex)
		p->config[SP_CLIENT].algorithms.kex =
		    p->config[SP_SERVER].algorithms.kex =
			"diffie-hellman-group-exchange-sha256";
	shape_prepare(p, s->is_strict);
	if (is_after_login(s->phase)) {
		forger_bring(p, s->victim, PHASE_CONNECTION, s->is_strict);
		ask_for_replies(p, s->victim);
	}
	forger_bring(p, s->victim, s->phase, s->is_strict);
	/* One of it awaits an answer, as it could after its login. */
	forger_transport(p, s->victim)->pings = 1;
	if (s->phase == PHASE_USERAUTH)
		prepare_userauth(p, s);
	else if (s->is_gex && is_of_method(s->phase))
		prepare_group(p, s);
}

void
scene_play(struct pair *p, const struct scene *s, struct sp_view payload)
{
	forger_send(p, forger_other(s->victim), payload);
	forger_deliver(p, s->victim);
}

/* ---- the end ---- */

/* The last that it says, where the forger has the keys to read it. */
static void
check_farewell(struct pair *p, const struct scene *s)
{
	struct sp_view payload = view_of(NULL, 0), next;
	struct reader r;

	if (s->phase != PHASE_USERAUTH && s->phase != PHASE_CONNECTION &&
	    s->phase != PHASE_USER_REKEX)
		return;
	while (forger_receive(p, s->victim, &next))
		payload = next;
	reader_init(&r, payload);
	assert_int_equal(reader_u8(&r), SSH_MSG_DISCONNECT);
	assert_int_equal(reader_u32(&r), p->reason[s->victim]);
}

enum sp_status
scene_end(struct pair *p, const struct scene *s)
{
	struct sp_engine *e = pair_engine(p, s->victim);
	enum sp_status status = p->closed[s->victim];
	struct sp_event event;
	uint8_t *room;

	if (status == SP_OK) {
		assert_int_equal(p->count[s->victim][SP_EVENT_CLOSED], 0);
		return SP_OK;
	}
	assert_int_equal(p->count[s->victim][SP_EVENT_CLOSED], 1);
	assert_false(sp_engine_next_event(e, &event));
	assert_int_equal(sp_engine_input_room(e, &room), 0);
	assert_int_equal(sp_engine_deadline(e), 0);
	if (status == SP_ERR_DISCONNECTED)
		return status;
	assert_int_equal(p->reason[s->victim], status_reason(status));
	check_farewell(p, s);
	return status;
}

/* ---- the table ---- */

static unsigned
sender_to(enum sp_role victim)
{
	return victim == SP_CLIENT ? MESSAGE_FROM_SERVER : MESSAGE_FROM_CLIENT;
}

bool
scene_is_allowed(const struct scene *s)
{
	enum message_family other = s->is_gex ? FAMILY_ECDH : FAMILY_GEX;
	bool is_first_kex =
	    s->phase == PHASE_FIRST_KEX || s->phase == PHASE_FIRST_NEWKEYS;

	for (size_t i = 0; message_row(i) != NULL; i++) {
		const struct message *row = message_row(i);

		if (row->family == other || row->number != s->row->number ||
		    (row->sender & sender_to(s->victim)) == 0 ||
		    (row->phases & s->phase) == 0)
			continue;
		return !s->is_strict || !is_first_kex ||
		    (row->phases & PHASE_STRICT) != 0;
	}
	return false;
}

bool
scene_find(struct scene *s, const struct message *row, enum sp_role victim)
{
	for (size_t i = 0; i < SCENE_PHASES; i++) {
		*s = (struct scene){ row, scene_phases[i], victim, true,
			row->family == FAMILY_GEX };
		if ((row->sender & sender_to(victim)) != 0 &&
		    scene_is_allowed(s))
			return true;
	}
	return false;
}

const char *
scene_name(const struct scene *s)
{
	static char name[128];

	snprintf(name, sizeof name, "%s in phase %d to the %s (%s)",
	    s->row->name, s->phase,
	    s->victim == SP_CLIENT ? "client" : "server",
	    s->is_strict ? "strict" : "not strict");
	return name;
}
