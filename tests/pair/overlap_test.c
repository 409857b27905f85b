/*
 * A peer that goes on with its channels between its KEXINIT and its NEWKEYS,
 * against RFC 4253 7.1: once it is logged in it is listened to.
 */
#include "lib/transport/kex.h"
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CHANNEL = 0, MANY = 20000 };

/* Where it is in its exchange, and how its bytes come. */
struct course {
	enum sp_role victim;
	enum message_phase phase;
	bool is_strict;
	size_t chunk;
};

static const enum sp_role roles[] = { SP_CLIENT, SP_SERVER };

static struct sp_view
nothing(void)
{
	return view_of(NULL, 0);
}

/* To the middle of the exchange, with a session channel open. */
static void
bring(struct pair *p, const struct course *c)
{
	pair_init(p);
	forger_bring(p, c->victim, PHASE_CONNECTION, c->is_strict);
	assert_int_equal(pair_open_session(p), CHANNEL);
	forger_bring(p, c->victim, c->phase, c->is_strict);
	p->chunk = c->chunk;
}

/* The peer does what is left of its part, and all is as always. */
static void
end_exchange(struct pair *p, const struct course *c)
{
	struct transport *t = forger_transport(p, forger_other(c->victim));

	if (c->phase == PHASE_USER_RENEWKEYS) {
		assert_int_equal(kex_send_newkeys(t), SP_OK);
		t->question = 0;
	}
	pair_run(p);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(p->count[roles[i]][SP_EVENT_KEX_DONE], 2);
		assert_int_equal(p->count[roles[i]][SP_EVENT_CLOSED], 0);
	}
}

/* What an engine holds back it says at once. */
static void
send_what_waits(struct pair *p, const struct course *c)
{
	enum sp_role from = forger_other(c->victim);
	struct transport *t = forger_transport(p, from);
	struct reader r;

	reader_init(&r, buffer_view(&t->held));
	assert_true(r.left > 0);
	while (r.left > 0)
		forger_send(p, from, reader_string(&r));
	buffer_clear(&t->held);
	forger_deliver(p, c->victim);
}

static void
each_course(void try(const struct course *))
{
	for (unsigned i = 0; i < 16; i++)
		try(&(struct course){
		    .victim = roles[i & 1],
		    .phase =
			(i & 2) == 0 ? PHASE_USER_REKEX : PHASE_USER_RENEWKEYS,
		    .is_strict = (i & 4) != 0,
		    .chunk = (i & 8) == 0 ? 0 : 1,
		});
}

/* ---- what it may say ---- */

static void
send_data(const struct course *c)
{
	enum sp_role from = forger_other(c->victim);
	static const uint8_t bytes[500];
	struct pair p;
	size_t taken;

	bring(&p, c);
	for (int i = 0; i < 3; i++)
		forger_say(&p, from, "bud", SSH_MSG_CHANNEL_DATA, CHANNEL,
		    (size_t)1000);
	forger_deliver(&p, c->victim);
	assert_int_equal(p.bytes[c->victim], 3000);
	end_exchange(&p, c);
	assert_int_equal(sp_channel_write(pair_engine(&p, from), CHANNEL, 0,
			     view_of(bytes, sizeof bytes), &taken),
	    SP_OK);
	pair_run(&p);
	assert_int_equal(p.bytes[c->victim], 3500);
	pair_clear(&p);
}

static void
its_data_arrives(void **state)
{
	(void)state;
	each_course(send_data);
}

static void
send_requests(const struct course *c)
{
	enum sp_role from = forger_other(c->victim);
	unsigned *told, *asked;
	uint32_t number;
	struct pair p;

	bring(&p, c);
	told = p.count[from];
	asked = p.count[c->victim];
	told[SP_EVENT_CHANNEL_CONFIRMED] = 0;
	assert_int_equal(sp_channel_request(pair_engine(&p, from), CHANNEL,
			     "any", true, nothing()),
	    SP_OK);
	assert_int_equal(
	    sp_global_request(pair_engine(&p, from), "any", true, nothing()),
	    SP_OK);
	assert_int_equal(
	    sp_channel_open(pair_engine(&p, from), "any", nothing(), &number),
	    SP_OK);
	send_what_waits(&p, c);
	assert_int_equal(asked[SP_EVENT_CHANNEL_REQUEST], 1);
	assert_int_equal(asked[SP_EVENT_GLOBAL_REQUEST], 1);
	/* The answers keep to the RFC. */
	assert_int_equal(buffer_len(&forger_transport(&p, c->victim)->held) > 0,
	    transport_is_exchanging(forger_transport(&p, c->victim)));
	end_exchange(&p, c);
	assert_int_equal(told[SP_EVENT_CHANNEL_REPLY], 1);
	assert_int_equal(told[SP_EVENT_GLOBAL_REPLY], 1);
	assert_int_equal(told[SP_EVENT_CHANNEL_CONFIRMED], 1);
	pair_clear(&p);
}

static void
its_requests_are_answered_when_there_are_new_keys(void **state)
{
	(void)state;
	each_course(send_requests);
}

static void
send_close(const struct course *c)
{
	enum sp_role from = forger_other(c->victim);
	struct pair p;

	bring(&p, c);
	assert_int_equal(sp_channel_eof(pair_engine(&p, from), CHANNEL), SP_OK);
	assert_int_equal(
	    sp_channel_close(pair_engine(&p, from), CHANNEL), SP_OK);
	send_what_waits(&p, c);
	assert_int_equal(p.count[c->victim][SP_EVENT_CHANNEL_EOF], 1);
	assert_int_equal(p.count[c->victim][SP_EVENT_CHANNEL_CLOSED], 1);
	assert_int_equal(p.count[from][SP_EVENT_CHANNEL_CLOSED], 0);
	end_exchange(&p, c);
	assert_int_equal(p.count[from][SP_EVENT_CHANNEL_CLOSED], 1);
	pair_clear(&p);
}

static void
it_may_close_a_channel(void **state)
{
	(void)state;
	each_course(send_close);
}

static void
send_disconnect(const struct course *c)
{
	struct pair p;

	bring(&p, c);
	forger_say(&p, forger_other(c->victim), "bud", SSH_MSG_CHANNEL_DATA,
	    CHANNEL, (size_t)1000);
	forger_say(&p, forger_other(c->victim), "buss", SSH_MSG_DISCONNECT, 11,
	    "enough", "");
	forger_deliver(&p, c->victim);
	assert_int_equal(p.bytes[c->victim], 1000);
	assert_int_equal(p.closed[c->victim], SP_ERR_DISCONNECTED);
	pair_clear(&p);
}

static void
it_may_take_its_leave(void **state)
{
	(void)state;
	each_course(send_disconnect);
}

/* ---- and how much of it ---- */

static bool
take_nothing(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	(void)side;
	return event->kind == SP_EVENT_CHANNEL_DATA;
}

static void
send_past_window(const struct course *c)
{
	enum sp_role from = forger_other(c->victim);
	const size_t window = (size_t)4 * LIMIT_CHANNEL_PACKET;
	struct pair p;

	if (c->chunk > 0)
		return;
	pair_init(&p);
	p.config[c->victim].window_initial = (uint32_t)window;
	forger_bring(&p, c->victim, PHASE_CONNECTION, c->is_strict);
	assert_int_equal(pair_open_session(&p), CHANNEL);
	forger_bring(&p, c->victim, c->phase, c->is_strict);
	p.hook = take_nothing;
	for (size_t i = 0; i < 4; i++)
		forger_say(&p, from, "bud", SSH_MSG_CHANNEL_DATA, CHANNEL,
		    (size_t)LIMIT_CHANNEL_PACKET);
	forger_deliver(&p, c->victim);
	assert_int_equal(p.count[c->victim][SP_EVENT_CLOSED], 0);
	assert_int_equal(
	    sp_channel_queue(pair_engine(&p, c->victim), CHANNEL, 0).len,
	    window);
	forger_say(&p, from, "bud", SSH_MSG_CHANNEL_DATA, CHANNEL, (size_t)1);
	forger_deliver(&p, c->victim);
	assert_int_equal(p.closed[c->victim], SP_ERR_WINDOW);
	pair_clear(&p);
}

static void
its_windows_are_what_they_always_are(void **state)
{
	(void)state;
	each_course(send_past_window);
}

/* Requests without end, of which it reads no answer. */
static void
ask_for_ever(struct pair *p, enum sp_role victim)
{
	uint8_t *room;

	for (int i = 0; i < MANY; i++) {
		if (p->count[victim][SP_EVENT_CLOSED] > 0 ||
		    sp_engine_input_room(pair_engine(p, victim), &room) == 0)
			return;
		forger_say(p, forger_other(victim), "bsb",
		    SSH_MSG_GLOBAL_REQUEST, "any", 1);
		forger_deliver(p, victim);
	}
	fail();
}

/* To wait would help nobody: the peer's part of the exchange is behind. */
static void
who_asks_for_more_than_can_be_held_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct course c = { roles[i], PHASE_USER_REKEX, true, 0 };
		struct pair p;

		bring(&p, &c);
		ask_for_ever(&p, c.victim);
		assert_int_equal(p.closed[c.victim], SP_ERR_LIMIT);
		pair_clear(&p);
	}
}

static void
once_our_new_keys_are_there_reading_stops_instead(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct course c = { roles[i], PHASE_USER_RENEWKEYS, true, 0 };
		struct transport *t;
		struct pair p;

		bring(&p, &c);
		t = forger_transport(&p, c.victim);
		assert_false(transport_is_exchanging(t));
		ask_for_ever(&p, c.victim);
		assert_int_equal(p.count[c.victim][SP_EVENT_CLOSED], 0);
		assert_true(t->out_answers > LIMIT_OUTPUT_WAITING);
		pair_clear(&p);
	}
}

/* ---- and who may not ---- */

static void
refuse(enum sp_role victim, enum message_phase phase, bool is_strict)
{
	struct pair p;

	pair_init(&p);
	forger_bring(&p, victim, phase, is_strict);
	forger_say(&p, forger_other(victim), "bud", SSH_MSG_CHANNEL_DATA,
	    CHANNEL, (size_t)1);
	forger_deliver(&p, victim);
	assert_int_equal(p.closed[victim], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

static void
nobody_may_in_the_first_exchange_or_before_the_login(void **state)
{
	static const enum message_phase before[] = { PHASE_FIRST_KEX,
		PHASE_FIRST_NEWKEYS, PHASE_REKEX, PHASE_RENEWKEYS };

	(void)state;
	for (size_t i = 0; i < 16; i++)
		refuse(roles[i & 1], before[i / 4], (i & 2) != 0);
}

static void
nothing_else_that_a_user_may_say_is_taken_there(void **state)
{
	static const uint8_t others[] = { SSH_MSG_PING, SSH_MSG_PONG,
		SSH_MSG_USERAUTH_REQUEST, SSH_MSG_KEXINIT, 191 };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof others; i++) {
		struct course c = { SP_SERVER, PHASE_USER_REKEX, true, 0 };
		struct pair p;

		if (i % 2 == 1)
			c.phase = PHASE_USER_RENEWKEYS;
		bring(&p, &c);
		forger_say(&p, SP_CLIENT, "b", others[i / 2]);
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(
		    p.closed[SP_SERVER], SP_ERR_UNEXPECTED_MESSAGE);
		pair_clear(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_data_arrives),
		cmocka_unit_test(
		    its_requests_are_answered_when_there_are_new_keys),
		cmocka_unit_test(it_may_close_a_channel),
		cmocka_unit_test(it_may_take_its_leave),
		cmocka_unit_test(its_windows_are_what_they_always_are),
		cmocka_unit_test(who_asks_for_more_than_can_be_held_is_left),
		cmocka_unit_test(
		    once_our_new_keys_are_there_reading_stops_instead),
		cmocka_unit_test(
		    nobody_may_in_the_first_exchange_or_before_the_login),
		cmocka_unit_test(
		    nothing_else_that_a_user_may_say_is_taken_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
