/* How a connection ends, as the owner is told: who, and why. */
#include "tests/pair/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct ending {
	enum sp_status status[2]; /* by side */
	bool by_peer[2];
	uint32_t reason[2];
	bool has_words[2];
};

static bool
keep(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct ending *e = p->arg;

	if (event->kind != SP_EVENT_CLOSED)
		return false;
	e->status[side] = event->u.closed.status;
	e->by_peer[side] = event->u.closed.by_peer;
	e->reason[side] = event->u.closed.reason;
	e->has_words[side] = sp_view_is(event->u.closed.description, "so long");
	return false;
}

static void
log_in(struct pair *p, struct ending *e)
{
	*e = (struct ending){ .reason = { 0 } };
	pair_init(p);
	pair_start(p);
	pair_login(p);
	p->hook = keep;
	p->arg = e;
}

static void
a_disconnect_says_who_and_why(void **state)
{
	(void)state;
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		enum sp_role other = side == SP_CLIENT ? SP_SERVER : SP_CLIENT;
		struct ending e;
		struct pair p;

		log_in(&p, &e);
		sp_engine_disconnect(pair_engine(&p, (enum sp_role)side),
		    SP_DISCONNECT_BY_APPLICATION, "so long");
		pair_run(&p);
		assert_int_equal(e.status[side], SP_ERR_BY_APPLICATION);
		assert_false(e.by_peer[side]);
		assert_int_equal(e.status[other], SP_ERR_DISCONNECTED);
		assert_true(e.by_peer[other]);
		assert_int_equal(e.reason[other], SP_DISCONNECT_BY_APPLICATION);
		assert_true(e.has_words[other]);
		pair_clear(&p);
	}
}

/* What a socket says is not what the peer says. */
static void
an_end_of_input_is_no_disconnect(void **state)
{
	struct ending e;
	struct pair p;

	(void)state;
	log_in(&p, &e);
	sp_engine_input_eof(p.client);
	pair_run(&p);
	assert_int_equal(e.status[SP_CLIENT], SP_ERR_EOF);
	assert_false(e.by_peer[SP_CLIENT]);
	assert_int_equal(e.reason[SP_CLIENT], 0);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disconnect_says_who_and_why),
		cmocka_unit_test(an_end_of_input_is_no_disconnect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
