/*
 * New keys around the login and the hand-over to another engine: asked for
 * by either side or both, just before, at and after each step of it.
 */
#include "lib/limits.h"
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"
#include "tests/unit/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BULK = 300000 };

enum moment { BEFORE_REQUEST, AT_VERDICT, AFTER_VERDICT, LOGGED_IN, MOMENTS };

enum starter { CLIENT = 1, SERVER = 2, BOTH = 3 };

struct course {
	enum moment moment;
	enum starter starter;
	bool moves; /* to another engine, in the place of a verdict */
	bool has_moved;
	bool has_started;
};

/* What would cross SUCCESS, behind which all is compressed. */
static bool
is_too_early(const struct pair *p, enum moment moment)
{
	return (moment == AT_VERDICT || moment == AFTER_VERDICT) &&
	    strcmp(p->config[SP_CLIENT].algorithms.compression,
		"zlib@openssh.com") == 0;
}

static void
start_at(struct pair *p, struct course *c, enum moment moment)
{
	bool is_early;

	if (c->moment != moment)
		return;
	is_early = is_too_early(p, moment);
	if ((c->starter & CLIENT) != 0)
		assert_int_equal(sp_engine_rekey(p->client),
		    is_early ? SP_ERR_STATE : SP_OK);
	if ((c->starter & SERVER) != 0)
		assert_int_equal(sp_engine_rekey(p->server), SP_OK);
	c->has_started = (c->starter & SERVER) != 0 || !is_early;
}

/* False: a key exchange is under way. */
static bool
move(struct pair *p, sp_token token)
{
	enum sp_status status;
	uint8_t *data;
	size_t len;

	status = sp_engine_export(p->server, token, &data, &len);
	if (status == SP_ERR_AGAIN)
		return false;
	assert_int_equal(status, SP_OK);
	sp_engine_free(p->server);
	p->config[SP_SERVER].now_ms = p->now;
	assert_int_equal(sp_engine_import(&p->config[SP_SERVER],
			     view_of(data, len), &p->server),
	    SP_OK);
	sp_engine_export_free(data, len);
	assert_int_equal(sp_engine_enable_connection(p->server), SP_OK);
	assert_int_equal(sp_engine_import_accept(p->server), SP_OK);
	return true;
}

static void
decide(struct pair *p, struct course *c, const struct sp_event *event)
{
	bool owes_keys;

	start_at(p, c, AT_VERDICT);
	owes_keys = c->moment == AT_VERDICT && (c->starter & SERVER) != 0;
	c->has_moved = c->moves && move(p, event->token);
	assert_int_equal(c->has_moved, c->moves && !owes_keys);
	if (!c->has_moved)
		assert_int_equal(
		    sp_auth_accept(p->server, event->token), SP_OK);
	start_at(p, c, AFTER_VERDICT);
}

static bool
follow(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct course *c = p->arg;

	if (side == SP_CLIENT && event->kind == SP_EVENT_AUTH_READY)
		start_at(p, c, BEFORE_REQUEST);
	if (side == SP_CLIENT && event->kind == SP_EVENT_AUTHENTICATED)
		start_at(p, c, LOGGED_IN);
	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST ||
	    !event->u.auth_request.is_signed)
		return false;
	decide(p, c, event);
	return true;
}

static void
send_bulk(struct pair *p)
{
	static uint8_t bytes[BULK];
	uint32_t channel = pair_open_session(p);
	size_t taken[2] = { 0, 0 };

	for (int side = SP_CLIENT; side <= SP_SERVER; side++)
		assert_int_equal(
		    sp_channel_write(pair_engine(p, (enum sp_role)side),
			channel, 0, view_of(bytes, sizeof bytes), &taken[side]),
		    SP_OK);
	pair_run(p);
	assert_int_equal(p->bytes[SP_SERVER], taken[SP_CLIENT]);
	assert_int_equal(p->bytes[SP_CLIENT], taken[SP_SERVER]);
	assert_true(taken[SP_CLIENT] > 0 && taken[SP_SERVER] > 0);
}

static void
play(struct course c, struct cipher_suite suite, size_t chunk)
{
	struct pair p;

	pair_init(&p);
	suites_offer(&p.config[SP_CLIENT], suite);
	suites_offer(&p.config[SP_SERVER], suite);
	p.chunk = chunk;
	p.hook = follow;
	p.arg = &c;
	pair_start(&p);
	pair_login(&p);
	send_bulk(&p);
	/* Both at once are one exchange. */
	assert_int_equal(
	    p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 1 + c.has_started);
	assert_int_equal(
	    p.count[SP_SERVER][SP_EVENT_KEX_DONE], 1 + c.has_started);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

static void
at_each_moment(bool moves)
{
	struct cipher_suite suite;

	for (size_t i = 0; suites_at(i, &suite); i++)
		for (int moment = 0; moment < MOMENTS; moment++)
			for (int who = CLIENT; who <= BOTH; who++) {
				struct course c = { (enum moment)moment,
					(enum starter)who, moves, false,
					false };

				play(c, suite, 0);
				play(c, suite, 700);
			}
}

static void
keys_may_be_renewed_at_any_moment_of_a_login(void **state)
{
	(void)state;
	at_each_moment(false);
}

static void
so_they_may_where_the_connection_moves(void **state)
{
	(void)state;
	at_each_moment(true);
}

/* ---- what makes it due ---- */

static void
log_in(struct pair *p, struct course *c)
{
	pair_init(p);
	/* Large enough for a login, and small enough for some in bulk. */
	p->config[SP_SERVER].rekey_bytes = LIMIT_REKEY_BYTES;
	p->config[SP_SERVER].rekey_ms = 5000;
	p->hook = follow;
	p->arg = c;
	pair_start(p);
	pair_login(p);
}

static void
bytes_make_it_due_before_and_after_a_move(void **state)
{
	(void)state;
	for (int moves = 0; moves < 2; moves++) {
		struct course c = { .moment = MOMENTS, .moves = moves == 1 };
		struct pair p;

		log_in(&p, &c);
		assert_int_equal(c.has_moved, moves == 1);
		for (int i = 0; i < 5; i++) {
			p.bytes[SP_CLIENT] = p.bytes[SP_SERVER] = 0;
			send_bulk(&p);
		}
		assert_true(p.count[SP_SERVER][SP_EVENT_KEX_DONE] >= 6);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
		pair_clear(&p);
	}
}

static void
so_does_time(void **state)
{
	(void)state;
	for (int moves = 0; moves < 2; moves++) {
		struct course c = { .moment = MOMENTS, .moves = moves == 1 };
		struct pair p;

		log_in(&p, &c);
		for (unsigned i = 1; i <= 5; i++) {
			assert_true(sp_engine_deadline(p.server) <=
			    p.now + p.config[SP_SERVER].rekey_ms);
			p.now = sp_engine_deadline(p.server);
			sp_engine_set_time(p.client, p.now);
			sp_engine_set_time(p.server, p.now);
			pair_run(&p);
			assert_int_equal(
			    p.count[SP_SERVER][SP_EVENT_KEX_DONE], 1 + i);
		}
		pair_clear(&p);
	}
}

/* In number as many as no test sends. */
static void
so_do_packets(void **state)
{
	(void)state;
	for (int moves = 0; moves < 2; moves++)
		for (int way = 0; way < 2; way++) {
			struct course c = { .moment = MOMENTS,
				.moves = moves == 1 };
			struct transport *t;
			struct pair p;

			log_in(&p, &c);
			t = forger_transport(&p, SP_SERVER);
			(way == 0 ? &t->rx : &t->tx)->packets = UINT64_C(1)
			    << 30;
			pair_run(&p);
			assert_int_equal(
			    p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
			send_bulk(&p);
			pair_clear(&p);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_may_be_renewed_at_any_moment_of_a_login),
		cmocka_unit_test(so_they_may_where_the_connection_moves),
		cmocka_unit_test(bytes_make_it_due_before_and_after_a_move),
		cmocka_unit_test(so_does_time),
		cmocka_unit_test(so_do_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
