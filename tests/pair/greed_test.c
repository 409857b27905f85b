/*
 * The most that a peer can make an engine hold in each phase, by the worst
 * it can send and by reading nothing: never more than lib/limits.h says.
 */
#include "lib/crypto/dh.h"
#include "lib/transport/kex.h"
#include "lib/transport/packet.h"
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"
#include "tests/pair/purse.h"
#include "tests/unit/alloc_meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	MANY = 20000,
	LARGE = 34000, /* in a packet that a stranger may send */
	LARGER = LIMIT_PACKET_TRUSTED - 16, /* and in one after the login */
};

typedef void flood(struct pair *, enum sp_role victim);

static const enum sp_role roles[] = { SP_CLIENT, SP_SERVER };

/* Of both sides; what is NULL is the pair's own. */
static const char *kex, *compression;

static void
init(struct pair *p)
{
	pair_init(p);
	for (int role = SP_CLIENT; role <= SP_SERVER; role++) {
		if (kex != NULL)
			p->config[role].algorithms.kex = kex;
		p->config[role].algorithms.compression = compression;
	}
}

/* Nothing is taken or answered, but what a login needs. */
static bool
do_nothing(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	(void)side;
	return event->kind == SP_EVENT_CHANNEL_DATA ||
	    event->kind == SP_EVENT_CHANNEL_REQUEST;
}

static void
check_purse(struct pair *p, enum sp_role victim, const char *what, size_t bound)
{
	print_message("%s to the %s: %zu bytes, at most %zu of %zu\n", what,
	    victim == SP_CLIENT ? "client" : "server", purse_held(),
	    purse_most(), bound);
	assert_true(purse_most() <= bound);
	assert_true(p->count[victim][SP_EVENT_CLOSED] <= 1);
	pair_clear(p);
}

static void
bring(struct pair *p, enum sp_role victim, enum message_phase phase)
{
	/* Who knows no strict key exchange may send more in the first. */
	bool is_strict = phase > PHASE_FIRST_NEWKEYS;

	purse_open(p, victim);
	forger_bring(p, victim, phase, is_strict);
}

static void
after_each(const char *what, enum message_phase phase, flood *const *floods,
    size_t count, size_t bound)
{
	for (size_t i = 0; i < 2 * count; i++) {
		enum sp_role victim = roles[i % 2];
		struct pair p;

		init(&p);
		bring(&p, victim, phase);
		floods[i / 2](&p, victim);
		check_purse(&p, victim, what, bound);
	}
}

static bool
can_go_on(struct pair *p, enum sp_role victim)
{
	uint8_t *room;

	return p->count[victim][SP_EVENT_CLOSED] == 0 &&
	    sp_engine_input_room(pair_engine(p, victim), &room) > 0;
}

/* ---- before anything is known of it ---- */

static void
send_line_without_end(struct pair *p, enum sp_role victim)
{
	struct buffer *out = &forger_transport(p, forger_other(victim))->out;
	static uint8_t line[65536];

	buffer_clear(out);
	memset(line, 'x', sizeof line);
	assert_int_equal(buffer_append(out, view_of(line, sizeof line)), SP_OK);
	forger_deliver(p, victim);
}

static void
send_lines(struct pair *p, enum sp_role victim)
{
	struct buffer *out = &forger_transport(p, forger_other(victim))->out;
	static char line[1000];

	buffer_clear(out);
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 2] = '\n';
	for (int i = 0; i < 100; i++)
		assert_int_equal(
		    buffer_append(out, view_of_string(line)), SP_OK);
	forger_deliver(p, victim);
}

static void
who_has_not_said_who_it_is_holds_next_to_nothing(void **state)
{
	static flood *const floods[] = { send_line_without_end, send_lines };

	(void)state;
	after_each(
	    "lines", PHASE_FIRST_KEXINIT, floods, 2, LIMIT_MEMORY_UNKNOWN);
}

/* ---- while keys are exchanged for the first time ---- */

/* As large as it may be. */
static void
send_kexinit(struct pair *p, enum sp_role victim)
{
	static char names[LIMIT_KEXINIT];
	const char *first = kex == NULL ? "curve25519-sha256" : kex;
	size_t len = strlen(first);

	memcpy(names, first, len);
	while (len < LIMIT_KEXINIT - 2000) {
		names[len++] = ',';
		names[len++] = 'x';
	}
	forger_send_kexinit(
	    p, forger_other(victim), &(struct forger_kexinit){ .kex = names });
	forger_deliver(p, victim);
	assert_int_equal(p->closed[victim], SP_OK);
}

static void
send_ignores(struct pair *p, enum sp_role victim)
{
	size_t len = forger_transport(p, victim)->is_trusted ? LARGER : LARGE;

	/* In pieces, so that one waits for its rest. */
	p->chunk = 999;
	for (int i = 0; i < 20; i++) {
		if (len > LARGE)
			forger_send_long(p, forger_other(victim), len);
		else
			forger_say(
			    p, forger_other(victim), "bd", SSH_MSG_IGNORE, len);
		forger_deliver(p, victim);
	}
	p->chunk = 0;
}

/* Whole reads, one after the other: they are then made larger. */
static void
send_without_a_pause(struct pair *p, enum sp_role victim)
{
	bool is_trusted = forger_transport(p, victim)->is_trusted;

	for (int i = 0; i < 10; i++) {
		for (size_t k = 0; k < 4; k++)
			forger_send_long(p, forger_other(victim),
			    is_trusted ? LARGER - 4096 * k : LARGE);
		forger_deliver(p, victim);
	}
	assert_int_equal(p->closed[victim], SP_OK);
}

static void
send_kexinit_and_ignores(struct pair *p, enum sp_role victim)
{
	send_kexinit(p, victim);
	send_ignores(p, victim);
	send_without_a_pause(p, victim);
}

static void
an_exchange_of_keys_holds_so_much(void **state)
{
	static flood *const floods[] = { send_kexinit_and_ignores };

	(void)state;
	after_each("an exchange", PHASE_FIRST_KEXINIT, floods, 1,
	    LIMIT_MEMORY_EXCHANGE);
}

/* ---- with the largest values ---- */

/* Of the victim's. */
static bool
leave_question(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	const enum sp_role *victim = p->arg;

	return side == *victim &&
	    (event->kind == SP_EVENT_SIGN_EXCHANGE ||
		event->kind == SP_EVENT_HOST_KEY);
}

/* The attacker does its part; what the victim asks then stays open. */
static void
go_as_far_as_it_gets(struct pair *p, enum sp_role victim)
{
	unsigned before = p->count[victim][SP_EVENT_SIGN_EXCHANGE] +
	    p->count[victim][SP_EVENT_HOST_KEY];

	send_kexinit(p, victim);
	send_ignores(p, victim);
	p->hook = leave_question;
	p->arg = &victim;
	pair_run(p);
	assert_int_equal(p->count[victim][SP_EVENT_SIGN_EXCHANGE] +
		p->count[victim][SP_EVENT_HOST_KEY],
	    before + 1);
	/* Of what comes then a trusted one reads nothing. */
	if (!forger_transport(p, victim)->is_trusted)
		send_ignores(p, victim);
	assert_int_equal(p->closed[victim], SP_OK);
}

/* The same once more, behind all that may come before it. */
static void
renew_as_far_as_it_gets(struct pair *p, enum sp_role victim)
{
	send_without_a_pause(p, victim);
	send_ignores(p, victim);
	forger_take_output(p, victim);
	/* What the attacker was asked itself would keep it from going on. */
	forger_transport(p, forger_other(victim))->question = 0;
	go_as_far_as_it_gets(p, victim);
}

/* The largest group that a client takes, and a reply that is as large. */
static void
send_group_and_reply(struct pair *p, enum sp_role victim)
{
	static const uint8_t filler[LIMIT_GROUP_BITS / 8] = { 0x7f };
	static uint8_t room[LIMIT_PACKET];
	struct sp_view value = view_of(filler, sizeof filler);
	struct buffer payload;
	struct writer w;

	if (victim == SP_SERVER)
		return;
	send_kexinit(p, victim);
	send_ignores(p, victim);
	buffer_init(&payload, LIMIT_PACKET);
	assert_int_equal(
	    dh_group_write_prime(dh_group_row(4), &payload), SP_OK);
	memcpy(room, buffer_view(&payload).data, sizeof filler);
	buffer_clear(&payload);
	writer_init(&w, &payload);
	writer_u8(&w, SSH_MSG_KEX_DH_GEX_GROUP);
	writer_mpint(&w, view_of(room, sizeof filler));
	writer_mpint(&w, view_of("\2", 1));
	forger_send(p, SP_SERVER, buffer_view(&payload));
	forger_deliver(p, SP_CLIENT);
	assert_int_equal(p->closed[SP_CLIENT], SP_OK);
	buffer_clear(&payload);
	writer_init(&w, &payload);
	writer_u8(&w, SSH_MSG_KEX_DH_GEX_REPLY);
	writer_string(&w, view_of(room, LIMIT_KEY_BLOB));
	writer_mpint(&w, value);
	writer_string(&w, view_of(room, 16000));
	forger_send(p, SP_SERVER, buffer_view(&payload));
	forger_deliver(p, SP_CLIENT);
	assert_int_equal(p->closed[SP_CLIENT], SP_ERR_SIGNATURE);
	buffer_clear(&payload);
}

static void
so_does_one_with_large_values_by_whatever_method(void **state)
{
	static const char *const methods[] = { "mlkem768x25519-sha256",
		"sntrup761x25519-sha512", "ecdh-sha2-nistp521",
		"diffie-hellman-group18-sha512",
		"diffie-hellman-group-exchange-sha256" };
	static flood *const floods[] = { go_as_far_as_it_gets };
	static flood *const again[] = { renew_as_far_as_it_gets };
	static flood *const groups[] = { send_group_and_reply };

	(void)state;
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		kex = methods[i];
		print_message("%s:\n", kex);
		after_each("an exchange", PHASE_FIRST_KEXINIT, floods, 1,
		    LIMIT_MEMORY_EXCHANGE);
		after_each("before the login", PHASE_USERAUTH, again, 1,
		    LIMIT_MEMORY_STRANGER);
		after_each(
		    "a user", PHASE_CONNECTION, again, 1, LIMIT_MEMORY_USER);
	}
	after_each("a group", PHASE_FIRST_KEXINIT, groups, 1,
	    LIMIT_MEMORY_EXCHANGE + LIMIT_MEMORY_GROUP);
	kex = NULL;
}

/* ---- before authentication ---- */

static void
send_unknown(struct pair *p, enum sp_role victim)
{
	for (int i = 0; i < MANY && can_go_on(p, victim); i++) {
		forger_say(p, forger_other(victim), "b", 191);
		forger_deliver(p, victim);
	}
}

static bool
leave_request(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	(void)side;
	return event->kind == SP_EVENT_AUTH_REQUEST ||
	    event->kind == SP_EVENT_AUTH_PROMPT;
}

/* The largest that is kept, with a question that stays open. */
static void
send_auth_request(struct pair *p, enum sp_role victim)
{
	size_t key = LIMIT_KEY_BLOB;

	if (victim == SP_CLIENT)
		return;
	p->hook = leave_request;
	forger_say(p, SP_CLIENT, "bsssbsdd", SSH_MSG_USERAUTH_REQUEST, "alice",
	    "ssh-connection", "publickey", 1, "ssh-ed25519", key,
	    LARGE - key - 100);
	forger_deliver(p, SP_SERVER);
}

static void
send_hostbased(struct pair *p, enum sp_role victim)
{
	size_t key = LIMIT_KEY_BLOB;

	if (victim == SP_CLIENT)
		return;
	forger_say(p, SP_CLIENT, "bssssdssd", SSH_MSG_USERAUTH_REQUEST, "alice",
	    "ssh-connection", "hostbased", "ssh-ed25519", key, "host", "user",
	    LARGE - key - 200);
	forger_deliver(p, SP_SERVER);
}

static void
send_banners(struct pair *p, enum sp_role victim)
{
	for (int i = 0; i < 20 && victim == SP_CLIENT; i++) {
		forger_say(p, SP_SERVER, "bds", SSH_MSG_USERAUTH_BANNER,
		    (size_t)LARGE, "");
		forger_deliver(p, victim);
	}
}

/* One after the other: what each leaves behind stays. */
static void
send_all_a_stranger_may(struct pair *p, enum sp_role victim)
{
	send_banners(p, victim);
	send_hostbased(p, victim);
	send_without_a_pause(p, victim);
	send_ignores(p, victim);
	forger_take_output(p, victim);
	send_kexinit(p, victim);
	send_ignores(p, victim);
}

static void
send_unknown_and_request(struct pair *p, enum sp_role victim)
{
	for (int i = 0; i < 100; i++)
		forger_say(p, forger_other(victim), "b", 191);
	send_hostbased(p, victim);
	send_auth_request(p, victim);
}

static void
so_does_who_is_not_let_in_yet(void **state)
{
	static flood *const floods[] = { send_unknown, send_ignores,
		send_unknown_and_request, send_all_a_stranger_may };

	(void)state;
	after_each("before the login", PHASE_USERAUTH, floods, 4,
	    LIMIT_MEMORY_STRANGER);
}

/* ---- after it ---- */

static void
send_globals(struct pair *p, enum sp_role victim)
{
	for (int i = 0; i < MANY && can_go_on(p, victim); i++) {
		forger_say(p, forger_other(victim), "bsb",
		    SSH_MSG_GLOBAL_REQUEST, "any", 1);
		forger_deliver(p, victim);
	}
}

static void
send_pings(struct pair *p, enum sp_role victim)
{
	for (int i = 0; i < MANY && can_go_on(p, victim); i++) {
		forger_say(
		    p, forger_other(victim), "bd", SSH_MSG_PING, (size_t)LARGE);
		forger_deliver(p, victim);
	}
}

/* It began itself, and gets no KEXINIT for its own. */
static void
begin_rekey(struct pair *p, enum sp_role victim)
{
	purse_begin();
	assert_int_equal(sp_engine_rekey(pair_engine(p, victim)), SP_OK);
	purse_end();
}

static void
send_globals_in_a_rekey(struct pair *p, enum sp_role victim)
{
	begin_rekey(p, victim);
	send_globals(p, victim);
}

static void
send_all_in_a_rekey(struct pair *p, enum sp_role victim)
{
	send_without_a_pause(p, victim);
	send_ignores(p, victim);
	send_pings(p, victim);
	forger_take_output(p, victim);
	begin_rekey(p, victim);
	send_unknown(p, victim);
	send_globals(p, victim);
}

static void
send_kexinit_and_all(struct pair *p, enum sp_role victim)
{
	send_pings(p, victim);
	forger_take_output(p, victim);
	send_kexinit(p, victim);
	send_without_a_pause(p, victim);
	send_ignores(p, victim);
}

/* In the middle of the exchange all of it may go on (RFC 4253 7.1). */
static void
send_kexinit_and_globals(struct pair *p, enum sp_role victim)
{
	send_kexinit_and_all(p, victim);
	send_globals(p, victim);
}

/* Output that is full, and that nobody takes away. */
static void
leave_output(struct pair *p, enum sp_role victim)
{
	const struct transport *t = forger_transport(p, victim);

	while (t->out_answers < LIMIT_OUTPUT_WAITING - 4096) {
		forger_say(p, forger_other(victim), "b", 191);
		forger_deliver(p, victim);
	}
}

static bool
only_keys(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	(void)side;
	return event->kind != SP_EVENT_SIGN_EXCHANGE &&
	    event->kind != SP_EVENT_HOST_KEY && event->kind != SP_EVENT_CLOSED;
}

/* The attacker does its part, and has taken nothing away. */
static void
go_through_rekey(struct pair *p, enum sp_role victim)
{
	enum sp_role from = forger_other(victim);
	size_t seen = 0;

	p->hook = only_keys;
	for (int i = 0; i < 3; i++) {
		struct sp_view out = sp_engine_output(pair_engine(p, victim));

		assert_int_equal(buffer_append(&forger_transport(p, from)->in,
				     view_of(out.data + seen, out.len - seen)),
		    SP_OK);
		seen = out.len;
		pair_step(p, from);
	}
	assert_int_equal(p->closed[victim], SP_OK);
	assert_false(transport_is_exchanging(forger_transport(p, victim)));
}

/* As many answers as can be held, and all of them sealed at once. */
static void
send_globals_through_a_rekey(struct pair *p, enum sp_role victim)
{
	const struct transport *t = forger_transport(p, victim);

	send_without_a_pause(p, victim);
	leave_output(p, victim);
	begin_rekey(p, victim);
	while (t->held_sealed + packet_size(t, 1) <= LIMIT_HELD) {
		forger_say(p, forger_other(victim), "bsb",
		    SSH_MSG_GLOBAL_REQUEST, "any", 1);
		forger_deliver(p, victim);
	}
	go_through_rekey(p, victim);
}

static flood *const after_login[] = { send_unknown, send_without_a_pause,
	send_globals, send_pings, send_globals_in_a_rekey, send_all_in_a_rekey,
	send_kexinit_and_all, send_kexinit_and_globals };

enum { AFTER_LOGIN = sizeof after_login / sizeof after_login[0] };

static void
so_does_a_user_without_channels(void **state)
{
	(void)state;
	after_each("a user", PHASE_CONNECTION, after_login, AFTER_LOGIN,
	    LIMIT_MEMORY_USER);
}

static void
not_even_when_all_that_waited_is_sealed_at_once(void **state)
{
	static flood *const floods[] = { send_globals_through_a_rekey };

	(void)state;
	after_each("a user with new keys", PHASE_CONNECTION, floods, 1,
	    LIMIT_MEMORY_USER);
}

static void
compression_adds_its_states(void **state)
{
	static flood *const floods[] = { send_globals_through_a_rekey,
		renew_as_far_as_it_gets };

	(void)state;
	compression = "zlib@openssh.com";
	after_each("a user who compresses", PHASE_CONNECTION, after_login,
	    AFTER_LOGIN, LIMIT_MEMORY_USER + LIMIT_MEMORY_COMPRESSION);
	/* The states of before are there until the new ones are. */
	after_each("new keys for one", PHASE_CONNECTION, floods, 2,
	    LIMIT_MEMORY_USER + LIMIT_MEMORY_COMPRESSION);
	compression = NULL;
}

/* ---- with all the channels there may be ---- */

enum { WINDOW = 4 * LIMIT_CHANNEL_PACKET };

static void
open_channel(struct pair *p, enum sp_role victim, uint32_t number)
{
	enum sp_role from = forger_other(victim);
	uint32_t ours;

	if (victim == SP_SERVER) {
		forger_say(p, from, "bsuuu", SSH_MSG_CHANNEL_OPEN, "session",
		    number, 0, 1000);
	} else {
		purse_begin();
		assert_int_equal(sp_channel_open(p->client, "session",
				     view_of(NULL, 0), &ours),
		    SP_OK);
		purse_end();
		assert_int_equal(ours, number);
		forger_say(p, from, "buuuu", SSH_MSG_CHANNEL_OPEN_CONFIRMATION,
		    number, number, 0, 1000);
	}
	forger_deliver(p, victim);
}

/* A byte, so that more comes behind it, and then all that is allowed. */
static void
fill_window(struct pair *p, enum sp_role victim, uint32_t number)
{
	enum sp_role from = forger_other(victim);
	bool has_two = victim == SP_CLIENT;

	for (size_t left = WINDOW; left > 0;) {
		size_t len = left > 30000 ? 30000 : left;

		if (has_two && left % 7 < 4)
			forger_say(p, from, "buud",
			    SSH_MSG_CHANNEL_EXTENDED_DATA, number, 1, len);
		else
			forger_say(
			    p, from, "bud", SSH_MSG_CHANNEL_DATA, number, len);
		left -= len;
		forger_deliver(p, victim);
	}
	for (int i = 1; i < LIMIT_QUESTIONS; i++)
		forger_say(
		    p, from, "busb", SSH_MSG_CHANNEL_REQUEST, number, "any", 1);
	forger_deliver(p, victim);
}

/* Zero windows for ever: we may send nothing, and nobody reads. */
static void
all_channels_hold_their_windows_and_a_little(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * AFTER_LOGIN; i++) {
		enum sp_role victim = roles[i % 2];
		struct pair p;

		init(&p);
		p.config[victim].window_initial = WINDOW;
		bring(&p, victim, PHASE_CONNECTION);
		p.hook = do_nothing;
		for (uint32_t n = 0; n < LIMIT_CHANNELS; n++)
			open_channel(&p, victim, n);
		for (uint32_t n = 0; n < LIMIT_CHANNELS; n++)
			fill_window(&p, victim, n);
		assert_int_equal(p.count[victim][SP_EVENT_CLOSED], 0);
		assert_int_equal(p.count[victim][SP_EVENT_CHANNEL_REQUEST],
		    LIMIT_CHANNELS * (LIMIT_QUESTIONS - 1));
		after_login[i / 2](&p, victim);
		check_purse(&p, victim, "all channels",
		    LIMIT_MEMORY_USER +
			LIMIT_CHANNELS *
			    (LIMIT_MEMORY_CHANNEL + 2 * (size_t)WINDOW));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    who_has_not_said_who_it_is_holds_next_to_nothing),
		cmocka_unit_test(an_exchange_of_keys_holds_so_much),
		cmocka_unit_test(
		    so_does_one_with_large_values_by_whatever_method),
		cmocka_unit_test(so_does_who_is_not_let_in_yet),
		cmocka_unit_test(so_does_a_user_without_channels),
		cmocka_unit_test(
		    not_even_when_all_that_waited_is_sealed_at_once),
		cmocka_unit_test(compression_adds_its_states),
		cmocka_unit_test(all_channels_hold_their_windows_and_a_little),
	};

	alloc_meter_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
