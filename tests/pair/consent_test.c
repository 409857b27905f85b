/* A server that is asked before each key exchange, and takes its time. */
#include "tests/pair/pair.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct scene {
	sp_token asked; /* of the question that was left open */
	unsigned first, later;
	uint32_t cost;
};

static bool
leave_open(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct scene *s = p->arg;

	(void)side;
	if (event->kind != SP_EVENT_EXCHANGE)
		return false;
	assert_true(event->token != 0);
	assert_true(
	    view_equal_string(event->u.exchange.method, "curve25519-sha256"));
	s->asked = event->token;
	s->cost = event->u.exchange.cost_us;
	if (event->u.exchange.first)
		s->first++;
	else
		s->later++;
	return true;
}

static void
init(struct pair *p, struct scene *s)
{
	*s = (struct scene){ 0 };
	pair_init(p);
	p->config[SP_SERVER].asks_for_exchanges = true;
	p->config[SP_SERVER].algorithms.kex = "curve25519-sha256";
	p->config[SP_CLIENT].asks_for_exchanges = true; /* has no meaning */
	p->hook = leave_open;
	p->arg = s;
	pair_start(p);
}

static void
nothing_is_computed_or_read_before_the_owner_agrees(void **state)
{
	struct scene s;
	struct pair p;
	uint8_t *room;

	(void)state;
	init(&p, &s);
	pair_run(&p);
	assert_int_equal(s.first, 1);
	assert_true(s.cost > 0);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_SIGN_EXCHANGE], 0);
	assert_int_equal(sp_engine_input_room(p.server, &room), 0);
	assert_int_equal(sp_exchange_begin(p.server, s.asked), SP_OK);
	assert_int_equal(
	    sp_exchange_begin(p.server, s.asked), SP_ERR_STALE_TOKEN);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_AUTHENTICATED], 1);
	pair_clear(&p);
}

static void
each_exchange_is_asked_for_whoever_began_it(void **state)
{
	struct scene s;
	struct pair p;

	(void)state;
	init(&p, &s);
	pair_run(&p);
	assert_int_equal(sp_exchange_begin(p.server, s.asked), SP_OK);
	pair_run(&p);
	for (unsigned i = 1; i <= 4; i++) {
		assert_int_equal(
		    sp_engine_rekey(i % 2 == 0 ? p.client : p.server), SP_OK);
		pair_run(&p);
		assert_int_equal(s.later, i);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_SIGN_EXCHANGE], i);
		assert_int_equal(sp_exchange_begin(p.server, s.asked), SP_OK);
		pair_run(&p);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_KEX_DONE], i + 1);
	}
	assert_int_equal(s.first, 1);
	pair_clear(&p);
}

static void
another_question_is_not_answered_by_it(void **state)
{
	struct scene s;
	struct pair p;

	(void)state;
	init(&p, &s);
	pair_run(&p);
	assert_int_equal(
	    sp_exchange_refuse(p.server, s.asked), SP_ERR_STALE_TOKEN);
	assert_int_equal(sp_exchange_signed(p.server, s.asked, view_of("", 0)),
	    SP_ERR_STALE_TOKEN);
	assert_int_equal(
	    sp_exchange_begin(p.client, s.asked), SP_ERR_STALE_TOKEN);
	assert_int_equal(p.closed[SP_SERVER], SP_OK);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    nothing_is_computed_or_read_before_the_owner_agrees),
		cmocka_unit_test(each_exchange_is_asked_for_whoever_began_it),
		cmocka_unit_test(another_question_is_not_answered_by_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
