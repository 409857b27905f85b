/* PING and PONG: answered where that costs nothing, and never kept. */
#include "lib/transport/packet.h"
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 100000 };

static bool
see_pong(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	size_t *len = p->arg;

	if (side == SP_CLIENT && event->kind == SP_EVENT_PONG)
		*len = event->u.pong.data.len;
	return false;
}

static void
a_server_answers_with_the_same_data(void **state)
{
	static const uint8_t bytes[30000];
	static const size_t lens[] = { 0, 1, sizeof bytes };
	size_t len = 99;
	struct pair p;

	(void)state;
	pair_init(&p);
	p.hook = see_pong;
	p.arg = &len;
	pair_start(&p);
	pair_login(&p);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(
		    sp_engine_ping(p.client, view_of(bytes, lens[i])), SP_OK);
		pair_run(&p);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_PONG], i + 1);
		assert_int_equal(len, lens[i]);
	}
	pair_clear(&p);
}

static void
none_is_sent_before_the_login_or_to_who_does_not_know_it(void **state)
{
	static const uint8_t bytes[2 * LIMIT_PACKET];
	struct pair p;

	(void)state;
	pair_init(&p);
	forger_bring(&p, SP_SERVER, PHASE_USERAUTH, true);
	assert_int_equal(
	    sp_engine_ping(p.client, view_of(NULL, 0)), SP_ERR_STATE);
	pair_clear(&p);

	pair_init(&p);
	pair_start(&p);
	pair_login(&p);
	/* A client announces nothing. */
	assert_int_equal(
	    sp_engine_ping(p.server, view_of(NULL, 0)), SP_ERR_STATE);
	assert_int_equal(sp_engine_ping(p.client, view_of(bytes, sizeof bytes)),
	    SP_ERR_LIMIT);
	sp_engine_disconnect(p.client, 11, "enough");
	assert_int_equal(
	    sp_engine_ping(p.client, view_of(NULL, 0)), SP_ERR_STATE);
	pair_clear(&p);
}

static void
a_stranger_gets_no_answer(void **state)
{
	struct pair p;
	size_t before;

	(void)state;
	pair_init(&p);
	forger_bring(&p, SP_SERVER, PHASE_USERAUTH, true);
	before = sp_engine_output(p.server).len;
	forger_say(&p, SP_CLIENT, "bs", SSH_MSG_PING, "hello");
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(sp_engine_output(p.server).len, before);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

/* A PING with so much, and whether it was answered. */
static bool
is_answered(enum sp_role victim, size_t len)
{
	static uint8_t payload[LIMIT_PACKET_TRUSTED] = { SSH_MSG_PING };
	struct sp_view answer;
	struct pair p;
	bool is_there;

	forger_begin(&p, victim, PHASE_CONNECTION, true);
	forger_take_output(&p, victim);
	writer_put_u32(payload + 1, (uint32_t)len);
	forger_send_large(&p, forger_other(victim), view_of(payload, 5 + len));
	forger_deliver(&p, victim);
	assert_int_equal(p.count[victim][SP_EVENT_CLOSED], 0);
	is_there = forger_receive(&p, victim, &answer);
	if (is_there) {
		assert_int_equal(answer.data[0], SSH_MSG_PONG);
		assert_true(view_equal(view_of(answer.data + 1, answer.len - 1),
		    view_of(payload + 1, 4 + len)));
	}
	pair_clear(&p);
	return is_there;
}

static void
one_is_answered_where_every_peer_takes_the_answer(void **state)
{
	const size_t most = PACKET_PAYLOAD_MAX - 5;

	(void)state;
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		enum sp_role victim = (enum sp_role)side;

		assert_true(is_answered(victim, most));
		assert_false(is_answered(victim, most + 1));
		assert_false(is_answered(victim, LIMIT_PACKET_TRUSTED - 50));
	}
}

/* While our KEXINIT waits for its answer, pings are all that comes. */
static void
a_hundred_thousand_during_an_exchange_cost_nothing(void **state)
{
	(void)state;
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		enum sp_role victim = (enum sp_role)side;
		struct transport *t;
		struct pair p;
		size_t out;

		pair_init(&p);
		forger_bring(&p, victim, PHASE_CONNECTION, true);
		assert_int_equal(
		    sp_engine_rekey(pair_engine(&p, victim)), SP_OK);
		t = forger_transport(&p, victim);
		out = buffer_len(&t->out);
		for (int i = 0; i < MANY; i++) {
			forger_say(&p, forger_other(victim), "bd", SSH_MSG_PING,
			    (size_t)200);
			if (i % 100 == 0)
				forger_deliver(&p, victim);
		}
		forger_deliver(&p, victim);
		assert_int_equal(buffer_len(&t->held), 0);
		assert_int_equal(buffer_len(&t->out), out);
		assert_int_equal(p.count[victim][SP_EVENT_CLOSED], 0);
		/* And the exchange ends as if nothing had been. */
		pair_run(&p);
		assert_int_equal(p.count[victim][SP_EVENT_KEX_DONE], 2);
		pair_clear(&p);
	}
}

static void
who_does_not_read_the_answers_gets_so_many(void **state)
{
	struct transport *t;
	uint8_t *room;
	struct pair p;
	int n = 0;

	(void)state;
	pair_init(&p);
	forger_bring(&p, SP_SERVER, PHASE_CONNECTION, true);
	t = forger_transport(&p, SP_SERVER);
	while (n++ < MANY && sp_engine_input_room(p.server, &room) > 0) {
		forger_say(&p, SP_CLIENT, "bd", SSH_MSG_PING, (size_t)1000);
		forger_deliver(&p, SP_SERVER);
	}
	assert_true(n < MANY);
	assert_true(buffer_len(&t->out) <= LIMIT_OUTPUT_WAITING + 2000);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

static void
an_answer_to_nothing_ends_the_connection(void **state)
{
	(void)state;
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		enum sp_role victim = (enum sp_role)side;
		struct pair p;

		pair_init(&p);
		forger_bring(&p, victim, PHASE_CONNECTION, true);
		forger_say(
		    &p, forger_other(victim), "bs", SSH_MSG_PONG, "hello");
		forger_deliver(&p, victim);
		assert_int_equal(p.closed[victim], SP_ERR_UNEXPECTED_MESSAGE);
		pair_clear(&p);
	}
}

/*
 * A ping that meets the server's own exchange has no answer, then or later;
 * what stays open of it takes one that is made up, and no other.
 */
static void
there_are_never_more_answers_than_pings(void **state)
{
	(void)state;
	for (unsigned asked = 0; asked < 3; asked++) {
		struct pair p;

		pair_init(&p);
		forger_bring(&p, SP_CLIENT, PHASE_CONNECTION, true);
		assert_int_equal(sp_engine_rekey(p.server), SP_OK);
		for (unsigned i = 0; i < asked; i++)
			assert_int_equal(
			    sp_engine_ping(p.client, view_of(NULL, 0)), SP_OK);
		pair_run(&p);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_PONG], 0);
		assert_int_equal(forger_transport(&p, SP_CLIENT)->pings, asked);
		for (unsigned i = 0; i < asked; i++) {
			forger_say(&p, SP_SERVER, "bs", SSH_MSG_PONG, "");
			forger_deliver(&p, SP_CLIENT);
		}
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_PONG], asked);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
		forger_say(&p, SP_SERVER, "bs", SSH_MSG_PONG, "");
		forger_deliver(&p, SP_CLIENT);
		assert_int_equal(
		    p.closed[SP_CLIENT], SP_ERR_UNEXPECTED_MESSAGE);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_PONG], asked);
		pair_clear(&p);
	}
}

/* Such as a call for which there was no memory, or data too long. */
static void
a_ping_that_was_not_sent_awaits_no_answer(void **state)
{
	static const uint8_t bytes[2 * LIMIT_PACKET];
	struct pair p;

	(void)state;
	pair_init(&p);
	forger_bring(&p, SP_CLIENT, PHASE_CONNECTION, true);
	assert_int_equal(sp_engine_ping(p.client, view_of(bytes, sizeof bytes)),
	    SP_ERR_LIMIT);
	forger_say(&p, SP_SERVER, "bs", SSH_MSG_PONG, "");
	forger_deliver(&p, SP_CLIENT);
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_answers_with_the_same_data),
		cmocka_unit_test(
		    none_is_sent_before_the_login_or_to_who_does_not_know_it),
		cmocka_unit_test(a_stranger_gets_no_answer),
		cmocka_unit_test(
		    one_is_answered_where_every_peer_takes_the_answer),
		cmocka_unit_test(
		    a_hundred_thousand_during_an_exchange_cost_nothing),
		cmocka_unit_test(who_does_not_read_the_answers_gets_so_many),
		cmocka_unit_test(an_answer_to_nothing_ends_the_connection),
		cmocka_unit_test(there_are_never_more_answers_than_pings),
		cmocka_unit_test(a_ping_that_was_not_sent_awaits_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
