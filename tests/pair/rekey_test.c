/* New keys at bad moments: at once, in bulk, and with questions open. */
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"
#include "tests/unit/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sp_view
nothing(void)
{
	return view_of(NULL, 0);
}

static void
log_in(struct pair *p, struct cipher_suite suite, size_t chunk)
{
	pair_init(p);
	suites_offer(&p->config[SP_CLIENT], suite);
	suites_offer(&p->config[SP_SERVER], suite);
	p->chunk = chunk;
	pair_start(p);
	pair_login(p);
}

static void
log_in_by_default(struct pair *p)
{
	struct cipher_suite suite;

	assert_true(suites_at(0, &suite));
	log_in(p, suite, 0);
}

static void
start(struct pair *p, enum sp_role side)
{
	assert_int_equal(sp_engine_rekey(pair_engine(p, side)), SP_OK);
}

static void
check_keys(const struct pair *p, unsigned times)
{
	assert_int_equal(p->count[SP_CLIENT][SP_EVENT_KEX_DONE], times);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_KEX_DONE], times);
	assert_int_equal(p->count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_CLOSED], 0);
}

static void
either_side_or_both_at_once_may_start(void **state)
{
	static const size_t chunks[] = { 0, 1, 7, 100 };
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		struct pair p;

		log_in(&p, suite, chunks[i % 4]);
		start(&p, SP_CLIENT);
		pair_run(&p);
		check_keys(&p, 2);
		start(&p, SP_SERVER);
		pair_run(&p);
		check_keys(&p, 3);
		start(&p, SP_CLIENT);
		start(&p, SP_SERVER);
		start(&p, SP_SERVER); /* once more does nothing */
		pair_run(&p);
		check_keys(&p, 4);
		pair_open_session(&p);
		pair_clear(&p);
	}
}

static void
none_can_be_started_before_the_first_has_ended(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	assert_int_equal(sp_engine_rekey(p.client), SP_ERR_STATE);
	pair_clear(&p);
}

/* ---- in bulk ---- */

static uint32_t
next_random(void)
{
	static uint32_t state = 12345;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void
send_some(struct pair *p, enum sp_role side, uint32_t channel, size_t *sent)
{
	static uint8_t bytes[200000];
	size_t taken;

	assert_int_equal(
	    sp_channel_write(pair_engine(p, side), channel, 0,
		view_of(bytes, next_random() % sizeof bytes), &taken),
	    SP_OK);
	sent[side] += taken;
}

static void
storm(struct cipher_suite suite, size_t chunk, unsigned rounds, unsigned steps)
{
	size_t sent[2] = { 0, 0 };
	struct pair p;
	uint32_t channel;

	log_in(&p, suite, 0);
	channel = pair_open_session(&p);
	p.chunk = chunk;
	for (unsigned i = 0; i < rounds; i++) {
		send_some(&p, SP_CLIENT, channel, sent);
		send_some(&p, SP_SERVER, channel, sent);
		if (next_random() % 4 == 0)
			start(&p, SP_CLIENT);
		if (next_random() % 4 == 0)
			start(&p, SP_SERVER);
		for (unsigned n = next_random() % steps; n > 0; n--)
			pair_step(&p, (enum sp_role)(next_random() % 2));
	}
	pair_run(&p);
	assert_int_equal(p.bytes[SP_SERVER], sent[SP_CLIENT]);
	assert_int_equal(p.bytes[SP_CLIENT], sent[SP_SERVER]);
	assert_true(p.count[SP_CLIENT][SP_EVENT_KEX_DONE] > 10);
	check_keys(&p, p.count[SP_CLIENT][SP_EVENT_KEX_DONE]);
	pair_clear(&p);
}

static void
storms_of_them_pass_with_data_both_ways(void **state)
{
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		storm(suite, 0, 100, 6);
		storm(suite, 1000, 50, 600);
		storm(suite, 40000, 100, 20);
	}
}

static void
so_many_bytes_lead_to_one(void **state)
{
	(void)state;
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		size_t sent[2] = { 0, 0 };
		uint32_t channel;
		struct pair p;

		pair_init(&p);
		p.config[side].rekey_bytes = 1000000;
		pair_start(&p);
		pair_login(&p);
		channel = pair_open_session(&p);
		while (sent[SP_SERVER] < 10000000) {
			send_some(&p, SP_SERVER, channel, sent);
			pair_run(&p);
		}
		assert_true(p.count[side][SP_EVENT_KEX_DONE] >= 9);
		assert_true(p.count[side][SP_EVENT_KEX_DONE] <= 12);
		pair_clear(&p);
	}
}

/* Who has to renew, and nobody else, is told the time. */
static void
tell_time(struct pair *p, enum sp_role side, uint64_t now)
{
	p->now = now;
	sp_engine_set_time(pair_engine(p, side), now);
	pair_run(p);
}

static void
so_much_time_leads_to_one(void **state)
{
	(void)state;
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		enum sp_role from = (enum sp_role)side;
		uint64_t due;
		struct pair p;

		pair_init(&p);
		p.config[side].rekey_ms = 5000;
		pair_start(&p);
		pair_login(&p);
		for (unsigned times = 1; times < 4; times++) {
			due = p.now + 5000;
			assert_int_equal(
			    sp_engine_deadline(pair_engine(&p, from)), due);
			tell_time(&p, from, due - 1);
			check_keys(&p, times);
			tell_time(&p, from, due);
			check_keys(&p, times + 1);
		}
		pair_clear(&p);
	}
}

/* 2^30 of them in either direction (RFC 4344 3.1): it is as if there were. */
static void
so_many_packets_lead_to_one(void **state)
{
	const uint64_t many = UINT64_C(1) << 30;

	(void)state;
	for (int k = 0; k < 4; k++) {
		enum sp_role side = k % 2 == 0 ? SP_CLIENT : SP_SERVER;
		enum sp_role sender = k / 2 == 0 ? side : forger_other(side);
		struct transport *t;
		struct pair p;

		log_in_by_default(&p);
		t = forger_transport(&p, side);
		*(k / 2 == 0 ? &t->tx.packets : &t->rx.packets) = many - 2;
		forger_send_ignore(&p, sender);
		pair_run(&p);
		check_keys(&p, 1);
		forger_send_ignore(&p, sender);
		pair_run(&p);
		check_keys(&p, 2);
		assert_true(t->tx.packets < 10 && t->rx.packets < 10);
		pair_open_session(&p);
		pair_clear(&p);
	}
}

/* ---- with questions open ---- */

struct kept {
	enum sp_event_kind kind;
	enum sp_role side;
	sp_token token;
};

static bool
keep(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct kept *kept = p->arg;

	if (side != kept->side || event->kind != kept->kind)
		return false;
	kept->token = event->token;
	return true;
}

static void
requests_stay_open_through_new_keys(void **state)
{
	struct kept kept = { SP_EVENT_CHANNEL_REQUEST, SP_SERVER, 0 };
	struct pair p;
	uint32_t channel;

	(void)state;
	log_in_by_default(&p);
	channel = pair_open_session(&p);
	p.hook = keep;
	p.arg = &kept;
	assert_int_equal(
	    sp_channel_request(p.client, channel, "exec", true, nothing()),
	    SP_OK);
	pair_run(&p);
	start(&p, SP_SERVER);
	/* Answered in the middle: it leaves when the new keys are there. */
	pair_step(&p, SP_SERVER);
	assert_int_equal(sp_channel_answer(p.server, kept.token, true), SP_OK);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_REPLY], 0);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_REPLY], 1);
	check_keys(&p, 2);
	pair_clear(&p);
}

static void
stay_at(enum sp_event_kind kind, enum sp_role side)
{
	struct kept kept = { kind, side, 0 };
	uint8_t signature[SP_SIGNATURE_MAX];
	struct pair p;
	uint8_t *room;

	log_in_by_default(&p);
	p.hook = keep;
	p.arg = &kept;
	start(&p, SP_CLIENT);
	pair_run(&p);
	assert_int_not_equal(kept.token, 0);
	assert_int_equal(sp_engine_input_room(pair_engine(&p, side), &room), 0);
	/* What is sent meanwhile waits, on both sides. */
	for (int i = 0; i < 5; i++)
		for (int from = SP_CLIENT; from <= SP_SERVER; from++)
			assert_int_equal(
			    sp_global_request(
				pair_engine(&p, (enum sp_role)from), "any",
				false, nothing()),
			    SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_GLOBAL_REQUEST], 0);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_GLOBAL_REQUEST], 0);
	if (kind == SP_EVENT_HOST_KEY) {
		assert_int_equal(
		    sp_host_key_answer(p.client, kept.token, true), SP_OK);
		pair_run(&p);
		assert_int_equal(
		    p.count[SP_CLIENT][SP_EVENT_GLOBAL_REQUEST], 5);
		assert_int_equal(
		    p.count[SP_SERVER][SP_EVENT_GLOBAL_REQUEST], 5);
		check_keys(&p, 2);
	} else {
		/* A signature that does not fit is the client's to notice. */
		memset(signature, 0, sizeof signature);
		assert_int_equal(sp_exchange_signed(p.server, kept.token,
				     view_of(signature, 83)),
		    SP_OK);
		pair_run(&p);
		assert_int_equal(p.closed[SP_CLIENT], SP_ERR_SIGNATURE);
	}
	pair_clear(&p);
}

static void
its_own_questions_may_stay_open_while_others_wait(void **state)
{
	(void)state;
	stay_at(SP_EVENT_HOST_KEY, SP_CLIENT);
	stay_at(SP_EVENT_SIGN_EXCHANGE, SP_SERVER);
}

static void
what_waited_keeps_its_order(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	log_in_by_default(&p);
	start(&p, SP_CLIENT);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(
		    sp_channel_open(p.client, "session", nothing(), &channel),
		    SP_OK);
		assert_int_equal(channel, i);
	}
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_CONFIRMED], 10);
	/* Its close comes behind its requests. */
	start(&p, SP_CLIENT);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(
		    sp_channel_request(p.client, i, "any", false, nothing()),
		    SP_OK);
		assert_int_equal(sp_channel_close(p.client, i), SP_OK);
	}
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_REQUEST], 10);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 10);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_CLOSED], 10);
	check_keys(&p, 3);
	pair_clear(&p);
}

static void
a_peer_may_ask_for_new_keys_before_it_is_let_in(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	forger_bring(&p, SP_SERVER, PHASE_USERAUTH, true);
	start(&p, SP_CLIENT);
	pair_run(&p);
	check_keys(&p, 2);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_FAILED], 1);
	pair_clear(&p);
}

/* ---- that never end ---- */

/* What the engine says when its time is asked for, until it ends. */
static void
check_patience(struct pair *p, enum sp_role side)
{
	struct sp_engine *e = pair_engine(p, side);
	struct sp_event event;
	uint64_t until = sp_engine_deadline(e);

	assert_int_equal(until, p->now + LIMIT_KEX_MS);
	sp_engine_set_time(e, until - 1);
	assert_false(sp_engine_next_event(e, &event));
	assert_int_equal(sp_engine_deadline(e), until);
	sp_engine_set_time(e, until);
	assert_true(sp_engine_next_event(e, &event));
	assert_int_equal(event.kind, SP_EVENT_CLOSED);
	assert_int_equal(event.u.closed.status, SP_ERR_TIMEOUT);
	assert_int_not_equal(event.u.closed.reason, 0);
	assert_int_equal(sp_engine_deadline(e), 0);
}

static void
who_never_answers_a_kexinit_is_left(void **state)
{
	(void)state;
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		enum sp_role role = (enum sp_role)side;
		struct pair p;

		log_in_by_default(&p);
		start(&p, role);
		/* What waits behind it is no reason to stay. */
		assert_int_equal(sp_global_request(pair_engine(&p, role), "any",
				     true, nothing()),
		    SP_OK);
		check_patience(&p, role);
		pair_clear(&p);
	}
}

static void
so_is_who_stops_in_the_middle(void **state)
{
	(void)state;
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		enum sp_role victim = (enum sp_role)side;
		struct pair p;

		pair_init(&p);
		forger_bring(&p, victim, PHASE_USER_REKEX, true);
		check_patience(&p, victim);
		pair_clear(&p);

		pair_init(&p);
		forger_bring(&p, victim, PHASE_USER_RENEWKEYS, true);
		check_patience(&p, victim);
		pair_clear(&p);
	}
}

static void
so_is_an_owner_who_never_answers(void **state)
{
	struct kept kept = { SP_EVENT_SIGN_EXCHANGE, SP_SERVER, 0 };
	struct pair p;

	(void)state;
	log_in_by_default(&p);
	p.hook = keep;
	p.arg = &kept;
	start(&p, SP_SERVER);
	pair_run(&p);
	assert_int_not_equal(kept.token, 0);
	check_patience(&p, SP_SERVER);
	assert_int_equal(sp_exchange_signed(p.server, kept.token, nothing()),
	    SP_ERR_STALE_TOKEN);
	pair_clear(&p);
}

static void
the_first_exchange_takes_as_long_as_its_owner_likes(void **state)
{
	struct pair p;
	uint64_t day = UINT64_C(86400) * 1000;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	assert_int_equal(sp_engine_deadline(p.server), 0);
	sp_engine_set_time(p.server, day);
	sp_engine_set_time(p.client, day);
	pair_login(&p);
	assert_true(sp_engine_deadline(p.server) > day);
	pair_clear(&p);
}

/* ---- what the owner asks for ---- */

static void
an_owner_who_wants_none_may_say_so_before_the_login(void **state)
{
	uint64_t day = UINT64_C(86400) * 1000;
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	sp_engine_allow_rekey(p.server, false);
	pair_login(&p);
	assert_int_equal(sp_engine_deadline(p.server), 0);
	sp_engine_set_time(p.server, day);
	pair_run(&p);
	check_keys(&p, 1);
	sp_engine_allow_rekey(p.server, true);
	pair_run(&p);
	check_keys(&p, 2);
	pair_clear(&p);
}

/* As if it had said nothing: before the login none is started. */
static void
nor_does_saying_yes_start_one_before_the_login(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	forger_bring(&p, SP_SERVER, PHASE_USERAUTH, true);
	sp_engine_allow_rekey(p.server, true);
	assert_int_equal(sp_engine_deadline(p.server), 0);
	sp_engine_set_time(p.server, UINT64_C(86400) * 1000);
	pair_run(&p);
	check_keys(&p, 1);
	pair_clear(&p);
}

static void
limits_that_are_too_small_do_not_lead_to_one_after_the_other(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.config[SP_SERVER].rekey_bytes = 1;
	p.config[SP_SERVER].rekey_ms = 1;
	pair_start(&p);
	pair_login(&p);
	sp_engine_set_time(p.server, p.now + 1);
	pair_run(&p);
	check_keys(&p, 1);
	sp_engine_set_time(p.server, p.now + LIMIT_REKEY_MS);
	pair_run(&p);
	check_keys(&p, 2);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(either_side_or_both_at_once_may_start),
		cmocka_unit_test(
		    none_can_be_started_before_the_first_has_ended),
		cmocka_unit_test(storms_of_them_pass_with_data_both_ways),
		cmocka_unit_test(so_many_bytes_lead_to_one),
		cmocka_unit_test(so_much_time_leads_to_one),
		cmocka_unit_test(so_many_packets_lead_to_one),
		cmocka_unit_test(requests_stay_open_through_new_keys),
		cmocka_unit_test(
		    its_own_questions_may_stay_open_while_others_wait),
		cmocka_unit_test(what_waited_keeps_its_order),
		cmocka_unit_test(
		    a_peer_may_ask_for_new_keys_before_it_is_let_in),
		cmocka_unit_test(who_never_answers_a_kexinit_is_left),
		cmocka_unit_test(so_is_who_stops_in_the_middle),
		cmocka_unit_test(so_is_an_owner_who_never_answers),
		cmocka_unit_test(
		    the_first_exchange_takes_as_long_as_its_owner_likes),
		cmocka_unit_test(
		    an_owner_who_wants_none_may_say_so_before_the_login),
		cmocka_unit_test(
		    nor_does_saying_yes_start_one_before_the_login),
		cmocka_unit_test(
		    limits_that_are_too_small_do_not_lead_to_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
