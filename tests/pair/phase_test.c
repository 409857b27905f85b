/*
 * Every message of message.def in every phase, from either role: what the
 * table allows is taken, and all else ends the connection.
 */
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum message_phase phases[] = { PHASE_FIRST_KEXINIT,
	PHASE_FIRST_KEX, PHASE_FIRST_NEWKEYS, PHASE_SERVICE, PHASE_USERAUTH,
	PHASE_CONNECTION, PHASE_REKEX, PHASE_RENEWKEYS };

enum { PHASES = sizeof phases / sizeof phases[0] };

/* The channels of the victim's that bodies are about. */
enum { CHANNEL_THERE = 0, CHANNEL_ASKED_FOR = 1 };

/* ---- a body that is well formed, for each row ---- */

typedef void body(struct writer *);

static void
nothing(struct writer *w)
{
	(void)w;
}

static void
disconnect(struct writer *w)
{
	writer_u32(w, 11);
	writer_cstring(w, "bye");
	writer_cstring(w, "");
}

static void
one_string(struct writer *w)
{
	writer_cstring(w, "nothing of note");
}

static void
one_number(struct writer *w)
{
	writer_u32(w, 0);
}

static void
debug(struct writer *w)
{
	writer_bool(w, true);
	writer_cstring(w, "look");
	writer_cstring(w, "");
}

static void
service(struct writer *w)
{
	writer_cstring(w, "ssh-userauth");
}

static void
ecdh_value(struct writer *w)
{
	static const uint8_t base_point[32] = { 9 };

	writer_string(w, view_of(base_point, sizeof base_point));
}

static void
ecdh_reply(struct writer *w)
{
	writer_cstring(w, "a key");
	ecdh_value(w);
	writer_cstring(w, "a signature");
}

static void
auth_request(struct writer *w)
{
	writer_cstring(w, "alice");
	writer_cstring(w, "ssh-connection");
	writer_cstring(w, "none");
}

static void
auth_failure(struct writer *w)
{
	writer_cstring(w, "publickey");
	writer_bool(w, false);
}

static void
two_strings(struct writer *w)
{
	writer_cstring(w, "one");
	writer_cstring(w, "two");
}

/* What the pair's client asks about, set with the scene. */
static struct sp_view asked_key;

static void
key_ok(struct writer *w)
{
	writer_cstring(w, "ssh-ed25519");
	writer_string(w, asked_key);
}

/* The new password's prompt has two strings as well. */
static void
prompts(struct writer *w)
{
	two_strings(w);
	writer_cstring(w, "");
	writer_u32(w, 1);
	writer_cstring(w, "prompt");
	writer_bool(w, true);
}

static void
responses(struct writer *w)
{
	writer_u32(w, 1);
	writer_cstring(w, "response");
}

static void
global_request(struct writer *w)
{
	writer_cstring(w, "anything");
	writer_bool(w, false);
}

static void
channel_open(struct writer *w)
{
	writer_cstring(w, "session");
	writer_u32(w, 7);
	writer_u32(w, 100000);
	writer_u32(w, 32768);
}

static void
open_confirmation(struct writer *w)
{
	writer_u32(w, CHANNEL_ASKED_FOR);
	writer_u32(w, 8);
	writer_u32(w, 100000);
	writer_u32(w, 32768);
}

static void
open_failure(struct writer *w)
{
	writer_u32(w, CHANNEL_ASKED_FOR);
	writer_u32(w, 1);
	two_strings(w);
}

static void
channel_number(struct writer *w)
{
	writer_u32(w, CHANNEL_THERE);
}

static void
window_adjust(struct writer *w)
{
	channel_number(w);
	writer_u32(w, 1);
}

static void
channel_data(struct writer *w)
{
	channel_number(w);
	writer_cstring(w, "data");
}

static void
extended_data(struct writer *w)
{
	channel_number(w);
	writer_u32(w, 1);
	writer_cstring(w, "data");
}

static void
channel_request(struct writer *w)
{
	channel_number(w);
	writer_cstring(w, "anything");
	writer_bool(w, false);
}

static body *const bodies[MESSAGE_ROWS] = {
	[MESSAGE_ROW_DISCONNECT] = disconnect,
	[MESSAGE_ROW_IGNORE] = one_string,
	[MESSAGE_ROW_UNIMPLEMENTED] = one_number,
	[MESSAGE_ROW_DEBUG] = debug,
	[MESSAGE_ROW_SERVICE_REQUEST] = service,
	[MESSAGE_ROW_SERVICE_ACCEPT] = service,
	[MESSAGE_ROW_EXT_INFO] = one_number,
	[MESSAGE_ROW_EXT_INFO_SERVER] = one_number,
	[MESSAGE_ROW_KEXINIT] = NULL, /* written by the forger */
	[MESSAGE_ROW_NEWKEYS] = nothing,
	[MESSAGE_ROW_KEX_ECDH_INIT] = ecdh_value,
	[MESSAGE_ROW_KEX_ECDH_REPLY] = ecdh_reply,
	[MESSAGE_ROW_KEX_DH_GEX_GROUP] = two_strings,
	[MESSAGE_ROW_KEX_DH_GEX_INIT] = ecdh_value,
	[MESSAGE_ROW_KEX_DH_GEX_REPLY] = ecdh_reply,
	[MESSAGE_ROW_KEX_DH_GEX_REQUEST] = two_strings,
	[MESSAGE_ROW_PING] = one_string,
	[MESSAGE_ROW_PONG] = one_string,
	[MESSAGE_ROW_USERAUTH_REQUEST] = auth_request,
	[MESSAGE_ROW_USERAUTH_FAILURE] = auth_failure,
	[MESSAGE_ROW_USERAUTH_SUCCESS] = nothing,
	[MESSAGE_ROW_USERAUTH_BANNER] = two_strings,
	[MESSAGE_ROW_USERAUTH_PK_OK] = key_ok,
	[MESSAGE_ROW_USERAUTH_PASSWD_CHANGEREQ] = two_strings,
	[MESSAGE_ROW_USERAUTH_INFO_REQUEST] = prompts,
	[MESSAGE_ROW_USERAUTH_INFO_RESPONSE] = responses,
	[MESSAGE_ROW_GLOBAL_REQUEST] = global_request,
	[MESSAGE_ROW_REQUEST_SUCCESS] = nothing,
	[MESSAGE_ROW_REQUEST_FAILURE] = nothing,
	[MESSAGE_ROW_CHANNEL_OPEN] = channel_open,
	[MESSAGE_ROW_CHANNEL_OPEN_CONFIRMATION] = open_confirmation,
	[MESSAGE_ROW_CHANNEL_OPEN_FAILURE] = open_failure,
	[MESSAGE_ROW_CHANNEL_WINDOW_ADJUST] = window_adjust,
	[MESSAGE_ROW_CHANNEL_DATA] = channel_data,
	[MESSAGE_ROW_CHANNEL_EXTENDED_DATA] = extended_data,
	[MESSAGE_ROW_CHANNEL_EOF] = channel_number,
	[MESSAGE_ROW_CHANNEL_CLOSE] = channel_number,
	[MESSAGE_ROW_CHANNEL_REQUEST] = channel_request,
	[MESSAGE_ROW_CHANNEL_SUCCESS] = channel_number,
	[MESSAGE_ROW_CHANNEL_FAILURE] = channel_number,
};

static void
send_row(struct pair *p, enum sp_role from, const struct message *row)
{
	bool is_first = !forger_transport(p, from)->first_kex_done;
	struct buffer payload;
	struct writer w;

	buffer_init(&payload, LIMIT_PACKET);
	if (bodies[message_index(row)] == NULL) {
		forger_write_kexinit(p, from,
		    &(struct forger_kexinit){ .has_markers = is_first },
		    &payload);
	} else {
		writer_init(&w, &payload);
		writer_u8(&w, row->number);
		bodies[message_index(row)](&w);
		assert_int_equal(w.status, SP_OK);
	}
	forger_send(p, from, buffer_view(&payload));
	buffer_clear(&payload);
}

/* ---- a case: a message, a phase, a victim ---- */

struct scene {
	const struct message *row;
	enum message_phase phase;
	enum sp_role victim;
	bool is_strict;
};

/* Gives every answer something to be an answer to. */
static void
ask_for_replies(struct pair *p, enum sp_role victim)
{
	struct sp_engine *e = pair_engine(p, victim);
	struct sp_view none = view_of(NULL, 0);
	uint32_t number;

	assert_int_equal(pair_open_session(p), CHANNEL_THERE);
	assert_int_equal(sp_channel_open(e, "any", none, &number), SP_OK);
	assert_int_equal(number, CHANNEL_ASKED_FOR);
	assert_int_equal(
	    sp_channel_request(e, CHANNEL_THERE, "any", true, none), SP_OK);
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
	const struct message *row = p->arg;

	if (side == SP_CLIENT && event->kind == SP_EVENT_AUTH_FAILED) {
		try_method_of(p, row);
		return true;
	}
	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST)
		return false;
	assert_int_equal(
	    sp_auth_prompt(p->server, event->token, "", "", &prompt, 1), SP_OK);
	return true;
}

/* The client has been refused, and has a request of the row's method open. */
static void
prepare_client(struct pair *p, const struct message *row)
{
	p->hook = try_another;
	p->arg = (void *)(uintptr_t)row;
	send_row(p, SP_SERVER, message_row(MESSAGE_ROW_USERAUTH_FAILURE));
	forger_deliver(p, SP_CLIENT);
	p->hook = NULL;
}

/* The server has asked, and awaits responses. */
static void
prepare_server(struct pair *p, const struct message *row)
{
	p->hook = try_another;
	p->arg = (void *)(uintptr_t)row;
	forger_say(p, SP_CLIENT, "bsssss", SSH_MSG_USERAUTH_REQUEST, "alice",
	    "ssh-connection", "keyboard-interactive", "", "");
	forger_deliver(p, SP_SERVER);
	p->hook = NULL;
}

static void
set_scene(struct pair *p, const struct scene *s)
{
	pair_init(p);
	asked_key = sp_key_blob(p->user_key);
	forger_bring(p, s->victim, s->phase, s->is_strict);
	/* One of it awaits an answer, as it could after its login. */
	forger_transport(p, s->victim)->pings = 1;
	if (s->phase == PHASE_CONNECTION)
		ask_for_replies(p, s->victim);
	if (s->phase != PHASE_USERAUTH)
		return;
	if (s->victim == SP_CLIENT &&
	    (s->row->number == SSH_MSG_USERAUTH_SUCCESS ||
		s->row->family == FAMILY_PASSWORD ||
		s->row->family == FAMILY_KEYBOARD))
		prepare_client(p, s->row);
	else if (s->victim == SP_SERVER && s->row->family == FAMILY_KEYBOARD)
		prepare_server(p, s->row);
}

static unsigned
sender_to(enum sp_role victim)
{
	return victim == SP_CLIENT ? MESSAGE_FROM_SERVER : MESSAGE_FROM_CLIENT;
}

/* What the table says, written another way than the engine does. */
static bool
is_allowed(const struct scene *s)
{
	unsigned sender = sender_to(s->victim);
	bool is_first_kex =
	    s->phase == PHASE_FIRST_KEX || s->phase == PHASE_FIRST_NEWKEYS;

	for (size_t i = 0; message_row(i) != NULL; i++) {
		const struct message *row = message_row(i);

		/* Its own tests are in groupexchange_test.c. */
		if (row->family == FAMILY_GEX ||
		    row->number != s->row->number ||
		    (row->sender & sender) == 0 ||
		    (row->phases & s->phase) == 0)
			continue;
		return !s->is_strict || !is_first_kex ||
		    (row->phases & PHASE_STRICT) != 0;
	}
	return false;
}

/* How the connection ends where the message is taken. */
static enum sp_status
end_of(const struct message *row)
{
	if (row->number == SSH_MSG_DISCONNECT)
		return SP_ERR_DISCONNECTED;
	/* Its signature is a string that says so. */
	if (row->number == SSH_MSG_KEX_ECDH_REPLY)
		return row->family == FAMILY_ECDH ? SP_ERR_SIGNATURE
						  : SP_ERR_FORMAT;
	return SP_OK;
}

static void
check_end(const struct pair *p, const struct scene *s)
{
	enum sp_status status = p->closed[s->victim];
	bool is_refused = status == SP_ERR_UNEXPECTED_MESSAGE ||
	    (s->is_strict && status == SP_ERR_STRICT_KEX);

	if (is_allowed(s) ? status == end_of(s->row) : is_refused)
		return;
	fail_msg("%s in phase %d to the %s (%s): %s", s->row->name, s->phase,
	    s->victim == SP_CLIENT ? "client" : "server",
	    s->is_strict ? "strict" : "not strict", sp_status_name(status));
}

static void
play(const struct scene *s)
{
	struct pair p;

	set_scene(&p, s);
	send_row(&p, forger_other(s->victim), s->row);
	forger_deliver(&p, s->victim);
	check_end(&p, s);
	pair_clear(&p);
}

static void
each_message(enum sp_role victim, bool is_strict)
{
	for (size_t i = 0; message_row(i) != NULL; i++)
		for (size_t k = 0; k < PHASES; k++)
			play(&(struct scene){
			    message_row(i), phases[k], victim, is_strict });
}

static void
a_server_takes_each_message_only_where_it_belongs(void **state)
{
	(void)state;
	each_message(SP_SERVER, true);
}

static void
a_client_takes_each_message_only_where_it_belongs(void **state)
{
	(void)state;
	each_message(SP_CLIENT, true);
}

static void
so_does_a_server_with_a_peer_that_is_not_strict(void **state)
{
	(void)state;
	each_message(SP_SERVER, false);
}

static void
so_does_a_client_with_a_peer_that_is_not_strict(void **state)
{
	(void)state;
	each_message(SP_CLIENT, false);
}

/* ---- what the table says, said once more in words ---- */

static void
every_row_has_a_body_here(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGE_ROWS; i++)
		assert_true(bodies[i] != NULL || i == MESSAGE_ROW_KEXINIT);
}

static void
before_success_nothing_of_the_connection_layer_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; message_row(i) != NULL; i++) {
		const struct message *row = message_row(i);

		if (row->layer == LAYER_CONNECTION)
			assert_int_equal(row->phases, PHASE_CONNECTION);
	}
}

static void
strict_kex_allows_only_what_an_exchange_needs(void **state)
{
	static const uint8_t needed[] = { 1, 20, 21, 30, 31, 31, 32, 33, 34 };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; message_row(i) != NULL; i++) {
		if ((message_row(i)->phases & PHASE_STRICT) == 0)
			continue;
		assert_true(n < sizeof needed);
		assert_int_equal(message_row(i)->number, needed[n++]);
	}
	assert_int_equal(n, sizeof needed);
}

/* ---- cut short, and too long ---- */

/* What ends with data of the name's or type's own, or with anything. */
static bool
ends_freely(const struct message *row)
{
	static const uint8_t numbers[] = { SSH_MSG_IGNORE,
		SSH_MSG_GLOBAL_REQUEST, SSH_MSG_REQUEST_SUCCESS,
		SSH_MSG_CHANNEL_OPEN, SSH_MSG_CHANNEL_OPEN_CONFIRMATION,
		SSH_MSG_CHANNEL_REQUEST };

	return memchr(numbers, row->number, sizeof numbers) != NULL;
}

/* The first of the phases in which the victim reads it. */
static bool
find_scene(struct scene *s, const struct message *row, enum sp_role victim)
{
	for (size_t i = 0; i < PHASES; i++) {
		*s = (struct scene){ row, phases[i], victim, true };
		if ((row->sender & sender_to(victim)) != 0 && is_allowed(s))
			return true;
	}
	return false;
}

static enum sp_status
play_body(const struct scene *s, struct sp_view payload)
{
	struct pair p;

	set_scene(&p, s);
	forger_send(&p, forger_other(s->victim), payload);
	forger_deliver(&p, s->victim);
	pair_clear(&p);
	return p.closed[s->victim];
}

static void
change_length(const struct scene *s)
{
	bool is_free = s->row->number == SSH_MSG_IGNORE;
	enum sp_status status;
	struct buffer payload;
	struct writer w;

	buffer_init(&payload, LIMIT_PACKET);
	writer_init(&w, &payload);
	writer_u8(&w, s->row->number);
	bodies[message_index(s->row)](&w);
	for (size_t len = 1; len < buffer_len(&payload) && !is_free; len++) {
		status = play_body(s, view_of(payload.data, len));
		/* Some peers leave the language out. */
		if (s->row->number == SSH_MSG_DISCONNECT &&
		    len == buffer_len(&payload) - 4)
			assert_int_equal(status, SP_ERR_DISCONNECTED);
		else
			assert_int_equal(status, SP_ERR_FORMAT);
	}
	writer_u8(&w, 0);
	status = play_body(s, buffer_view(&payload));
	assert_int_equal(status, ends_freely(s->row) ? SP_OK : SP_ERR_TRAILING);
	buffer_clear(&payload);
}

static void
a_body_cut_short_or_too_long_ends_the_connection(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGE_ROWS; i++)
		for (int victim = SP_CLIENT; victim <= SP_SERVER; victim++) {
			struct scene s;

			/* KEXINIT's and groups' are in tests of their own. */
			if (bodies[i] != NULL &&
			    message_row(i)->family != FAMILY_GEX &&
			    find_scene(
				&s, message_row(i), (enum sp_role)victim))
				change_length(&s);
		}
}

/* ---- lengths that are lies ---- */

/* The fields of a body: a byte, a uint32, a string, any rest. */
static const char *const shapes[MESSAGE_ROWS] = {
	[MESSAGE_ROW_DISCONNECT] = "uss",
	[MESSAGE_ROW_IGNORE] = "r",
	[MESSAGE_ROW_UNIMPLEMENTED] = "u",
	[MESSAGE_ROW_DEBUG] = "bss",
	[MESSAGE_ROW_SERVICE_REQUEST] = "s",
	[MESSAGE_ROW_SERVICE_ACCEPT] = "s",
	[MESSAGE_ROW_EXT_INFO] = "u",
	[MESSAGE_ROW_EXT_INFO_SERVER] = "u",
	[MESSAGE_ROW_KEXINIT] = "r", /* tested with key exchanges */
	[MESSAGE_ROW_NEWKEYS] = "",
	[MESSAGE_ROW_KEX_ECDH_INIT] = "s",
	[MESSAGE_ROW_KEX_ECDH_REPLY] = "sss",
	[MESSAGE_ROW_KEX_DH_GEX_GROUP] = "r", /* tested with the method */
	[MESSAGE_ROW_KEX_DH_GEX_INIT] = "r",
	[MESSAGE_ROW_KEX_DH_GEX_REPLY] = "r",
	[MESSAGE_ROW_KEX_DH_GEX_REQUEST] = "r",
	[MESSAGE_ROW_PING] = "s",
	[MESSAGE_ROW_PONG] = "s",
	[MESSAGE_ROW_USERAUTH_REQUEST] = "sss",
	[MESSAGE_ROW_USERAUTH_FAILURE] = "sb",
	[MESSAGE_ROW_USERAUTH_SUCCESS] = "",
	[MESSAGE_ROW_USERAUTH_BANNER] = "ss",
	[MESSAGE_ROW_USERAUTH_PK_OK] = "ss",
	[MESSAGE_ROW_USERAUTH_PASSWD_CHANGEREQ] = "ss",
	[MESSAGE_ROW_USERAUTH_INFO_REQUEST] = "sssusb",
	[MESSAGE_ROW_USERAUTH_INFO_RESPONSE] = "us",
	[MESSAGE_ROW_GLOBAL_REQUEST] = "sb",
	[MESSAGE_ROW_REQUEST_SUCCESS] = "",
	[MESSAGE_ROW_REQUEST_FAILURE] = "",
	[MESSAGE_ROW_CHANNEL_OPEN] = "suuu",
	[MESSAGE_ROW_CHANNEL_OPEN_CONFIRMATION] = "uuuu",
	[MESSAGE_ROW_CHANNEL_OPEN_FAILURE] = "uuss",
	[MESSAGE_ROW_CHANNEL_WINDOW_ADJUST] = "uu",
	[MESSAGE_ROW_CHANNEL_DATA] = "us",
	[MESSAGE_ROW_CHANNEL_EXTENDED_DATA] = "uus",
	[MESSAGE_ROW_CHANNEL_EOF] = "u",
	[MESSAGE_ROW_CHANNEL_CLOSE] = "u",
	[MESSAGE_ROW_CHANNEL_REQUEST] = "usb",
	[MESSAGE_ROW_CHANNEL_SUCCESS] = "u",
	[MESSAGE_ROW_CHANNEL_FAILURE] = "u",
};

/* A string that says it is longer than all that is left. */
static void
lie_about(const struct scene *s, struct sp_view payload, size_t at)
{
	static const uint32_t more[] = { 0x7fffffff, 0x80000000, 0xfffffffb,
		UINT32_MAX };
	uint8_t copy[4096];

	assert_true(payload.len <= sizeof copy);
	memcpy(copy, payload.data, payload.len);
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		writer_put_u32(copy + at, more[i]);
		assert_int_equal(
		    play_body(s, view_of(copy, payload.len)), SP_ERR_FORMAT);
	}
	writer_put_u32(copy + at, (uint32_t)(payload.len - at - 4 + 1));
	assert_int_equal(
	    play_body(s, view_of(copy, payload.len)), SP_ERR_FORMAT);
}

static void
lie_in_each_string(const struct scene *s)
{
	const char *shape = shapes[message_index(s->row)];
	struct buffer payload;
	struct reader r;
	struct writer w;

	buffer_init(&payload, LIMIT_PACKET);
	writer_init(&w, &payload);
	writer_u8(&w, s->row->number);
	bodies[message_index(s->row)](&w);
	reader_init(&r, buffer_view(&payload));
	reader_u8(&r);
	for (; *shape != '\0' && *shape != 'r'; shape++) {
		size_t at = buffer_len(&payload) - r.left;

		if (*shape == 'b') {
			reader_u8(&r);
		} else if (*shape == 'u') {
			reader_u32(&r);
		} else {
			reader_string(&r);
			lie_about(s, buffer_view(&payload), at);
		}
	}
	/* The shape is that of the body. */
	assert_false(r.failed);
	assert_true(*shape == 'r' || r.left == 0);
	buffer_clear(&payload);
}

static void
a_length_beyond_the_end_ends_the_connection(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGE_ROWS; i++)
		for (int victim = SP_CLIENT; victim <= SP_SERVER; victim++) {
			struct scene s;

			assert_non_null(shapes[i]);
			if (bodies[i] != NULL && shapes[i][0] != 'r' &&
			    find_scene(
				&s, message_row(i), (enum sp_role)victim))
				lie_in_each_string(&s);
		}
}

/* ---- twice ---- */

static void
send_twice(const struct message *row, enum message_phase phase, bool to_client)
{
	enum sp_role victim = to_client ? SP_CLIENT : SP_SERVER;
	struct scene s = { row, phase, victim, true };
	struct pair p;

	if ((row->sender & sender_to(victim)) == 0 || !is_allowed(&s))
		return;
	set_scene(&p, &s);
	send_row(&p, forger_other(victim), row);
	send_row(&p, forger_other(victim), row);
	forger_deliver(&p, victim);
	assert_true(p.closed[victim] == SP_ERR_REPEATED_MESSAGE ||
	    p.closed[victim] == SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

static void
what_may_come_once_ends_the_connection_when_it_comes_twice(void **state)
{
	(void)state;
	for (size_t i = 0; message_row(i) != NULL; i++)
		for (size_t k = 0; k < PHASES && message_row(i)->once; k++) {
			send_twice(message_row(i), phases[k], true);
			send_twice(message_row(i), phases[k], false);
		}
}

/* ---- numbers that are nobody's ---- */

static bool
is_known(unsigned number)
{
	for (size_t i = 0; message_row(i) != NULL; i++)
		if (message_row(i)->number == number)
			return true;
	return false;
}

static bool
belongs_to_methods(unsigned number)
{
	return (number >= 30 && number <= 49) || (number >= 60 && number <= 79);
}

/* Bodies: none, for what it would mean is unknown. */
static void
send_number(struct pair *p, enum sp_role from, unsigned number)
{
	uint8_t payload[1] = { (uint8_t)number };

	forger_send(p, from, view_of(payload, sizeof payload));
}

static void
check_unimplemented(struct pair *p, enum sp_role victim, uint32_t sequence)
{
	struct sp_view payload;
	struct reader r;

	assert_true(forger_receive(p, victim, &payload));
	reader_init(&r, payload);
	assert_int_equal(reader_u8(&r), SSH_MSG_UNIMPLEMENTED);
	assert_int_equal(reader_u32(&r), sequence);
	assert_int_equal(reader_finish(&r), SP_OK);
}

static void
send_unknown_numbers(enum sp_role victim, enum message_phase phase)
{
	struct pair p;

	pair_init(&p);
	forger_bring(&p, victim, phase, true);
	sp_engine_output_sent(pair_engine(&p, victim),
	    sp_engine_output(pair_engine(&p, victim)).len);
	for (unsigned number = 1; number < 256; number++) {
		uint32_t sequence;

		if (is_known(number) || belongs_to_methods(number))
			continue;
		sequence = forger_transport(&p, victim)->rx.sequence;
		send_number(&p, forger_other(victim), number);
		forger_deliver(&p, victim);
		check_unimplemented(&p, victim, sequence);
	}
	assert_int_equal(p.count[victim][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

static void
unknown_numbers_are_answered_with_their_sequence(void **state)
{
	(void)state;
	send_unknown_numbers(SP_SERVER, PHASE_USERAUTH);
	send_unknown_numbers(SP_SERVER, PHASE_CONNECTION);
	send_unknown_numbers(SP_CLIENT, PHASE_CONNECTION);
}

static void
refuse_number(enum sp_role victim, enum message_phase phase, unsigned number)
{
	struct pair p;

	pair_init(&p);
	forger_bring(&p, victim, phase, true);
	send_number(&p, forger_other(victim), number);
	forger_deliver(&p, victim);
	assert_int_equal(p.closed[victim], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

static void
numbers_of_methods_that_are_not_under_way_end_the_connection(void **state)
{
	static const unsigned numbers[] = { 0, 30, 31, 32, 33, 34, 49, 60, 61,
		66, 79 };

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		refuse_number(SP_SERVER, PHASE_USERAUTH, numbers[i]);
		refuse_number(SP_SERVER, PHASE_CONNECTION, numbers[i]);
		refuse_number(SP_CLIENT, PHASE_CONNECTION, numbers[i]);
	}
}

static void
unknown_numbers_inside_an_exchange_end_the_connection(void **state)
{
	static const enum message_phase inside[] = { PHASE_FIRST_KEXINIT,
		PHASE_FIRST_KEX, PHASE_FIRST_NEWKEYS, PHASE_REKEX,
		PHASE_RENEWKEYS };

	(void)state;
	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
		refuse_number(SP_SERVER, inside[i], 191);
		refuse_number(SP_SERVER, inside[i], 192);
		refuse_number(SP_CLIENT, inside[i], 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_a_body_here),
		cmocka_unit_test(
		    a_server_takes_each_message_only_where_it_belongs),
		cmocka_unit_test(
		    a_client_takes_each_message_only_where_it_belongs),
		cmocka_unit_test(
		    so_does_a_server_with_a_peer_that_is_not_strict),
		cmocka_unit_test(
		    so_does_a_client_with_a_peer_that_is_not_strict),
		cmocka_unit_test(
		    before_success_nothing_of_the_connection_layer_is_allowed),
		cmocka_unit_test(strict_kex_allows_only_what_an_exchange_needs),
		cmocka_unit_test(
		    a_body_cut_short_or_too_long_ends_the_connection),
		cmocka_unit_test(a_length_beyond_the_end_ends_the_connection),
		cmocka_unit_test(
		    what_may_come_once_ends_the_connection_when_it_comes_twice),
		cmocka_unit_test(
		    unknown_numbers_are_answered_with_their_sequence),
		cmocka_unit_test(
		    numbers_of_methods_that_are_not_under_way_end_the_connection),
		cmocka_unit_test(
		    unknown_numbers_inside_an_exchange_end_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
