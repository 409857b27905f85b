/*
 * A connection on its way to another engine, at every bad moment, and the
 * bytes it travels as when somebody has changed them.
 */
#include "lib/engine.h"
#include "tests/pair/forger.h"
#include "tests/unit/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* What an export gave, and how its owner wants it. */
struct move {
	uint8_t *data;
	size_t len;
	sp_token token;
};

static bool
stop_at_request(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct move *move = p->arg;

	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST)
		return false;
	move->token = event->token;
	return true;
}

/* A pair whose server has been asked to let the client in. */
static void
bring_with(struct pair *p, struct move *move, struct cipher_suite suite)
{
	*move = (struct move){ NULL, 0, 0 };
	pair_init(p);
	suites_offer(&p->config[SP_CLIENT], suite);
	suites_offer(&p->config[SP_SERVER], suite);
	/* A client that does not wait for SUCCESS cannot compress. */
	p->config[SP_CLIENT].algorithms.compression = "none";
	p->config[SP_SERVER].algorithms.compression = "none,zlib@openssh.com";
	forger_bring(p, SP_SERVER, PHASE_USERAUTH, true);
	p->hook = stop_at_request;
	p->arg = move;
	assert_int_equal(sp_auth_none(p->client, "alice"), SP_OK);
}

static void
bring(struct pair *p, struct move *move)
{
	struct cipher_suite suite;

	assert_true(suites_at(0, &suite));
	bring_with(p, move, suite);
}

static void export(struct pair *p, struct move *move)
{
	assert_int_equal(
	    sp_engine_export(p->server, move->token, &move->data, &move->len),
	    SP_OK);
}

static void
import(struct pair *p, struct move *move)
{
	sp_engine_free(p->server);
	assert_int_equal(sp_engine_import(&p->config[SP_SERVER],
			     view_of(move->data, move->len), &p->server),
	    SP_OK);
	sp_engine_export_free(move->data, move->len);
	assert_int_equal(sp_engine_enable_connection(p->server), SP_OK);
	assert_int_equal(sp_engine_import_accept(p->server), SP_OK);
}

static void
what_was_not_opened_is_opened_by_the_next(void **state)
{
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		struct move move;
		struct pair p;

		bring_with(&p, &move, suite);
		/* It is so sure of itself that it does not wait. */
		for (int n = 0; n < 20; n++)
			forger_say(&p, SP_CLIENT, "bs", 2, "nothing");
		forger_say(
		    &p, SP_CLIENT, "bsuuu", 90, "session", 0, 1000, 1000);
		pair_move(&p, SP_CLIENT);
		assert_true(
		    buffer_len(&forger_transport(&p, SP_SERVER)->in) > 20 * 20);
		export(&p, &move);
		import(&p, &move);
		pair_step(&p, SP_SERVER);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_OPEN], 1);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
		pair_clear(&p);
	}
}

/* Read together with the request, up to each of its bytes. */
static void
so_is_a_packet_of_which_a_part_has_come(void **state)
{
	size_t size = 1;

	(void)state;
	for (size_t part = 0; part <= size; part++) {
		struct move move;
		struct pair p;
		size_t before;

		bring(&p, &move);
		before = sp_engine_output(p.client).len;
		forger_say(&p, SP_CLIENT, "bs", 2, "in two parts");
		forger_say(
		    &p, SP_CLIENT, "bsuuu", 90, "session", 0, 1000, 1000);
		size = sp_engine_output(p.client).len - before;
		p.chunk = before + part;
		pair_move(&p, SP_CLIENT);
		assert_int_not_equal(move.token, 0);
		export(&p, &move);
		import(&p, &move);
		pair_run(&p);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_OPEN], 1);
		pair_clear(&p);
	}
}

static void
what_was_not_sent_yet_is_sent_by_the_next(void **state)
{
	struct move move;
	struct pair p;

	(void)state;
	bring(&p, &move);
	pair_move(&p, SP_CLIENT);
	assert_int_equal(sp_auth_banner(p.server, "welcome"), SP_OK);
	/* A part of it has left. */
	p.chunk = 10;
	assert_true(pair_move(&p, SP_SERVER));
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_BANNER], 0);
	export(&p, &move);
	assert_int_equal(sp_engine_output(p.server).len, 0);
	import(&p, &move);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_BANNER], 1);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
	pair_open_session(&p);
	pair_clear(&p);
}

static void
new_keys_may_be_asked_for_at_that_moment(void **state)
{
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		struct move move;
		struct pair p;

		bring_with(&p, &move, suite);
		assert_int_equal(sp_engine_rekey(p.client), SP_OK);
		pair_move(&p, SP_CLIENT);
		export(&p, &move);
		import(&p, &move);
		assert_int_equal(sp_engine_rekey(p.server), SP_OK);
		pair_run(&p);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
		pair_open_session(&p);
		pair_clear(&p);
	}
}

static void
while_keys_are_exchanged_there_is_no_export(void **state)
{
	struct move move;
	struct pair p;

	(void)state;
	bring(&p, &move);
	assert_int_equal(sp_engine_rekey(p.server), SP_OK);
	pair_move(&p, SP_CLIENT);
	assert_int_equal(
	    sp_engine_export(p.server, move.token, &move.data, &move.len),
	    SP_ERR_AGAIN);
	/* The question is still open, so it can be answered. */
	assert_int_equal(
	    sp_auth_fail(p.server, move.token, "publickey", false), SP_OK);
	pair_clear(&p);
}

static void
nothing_leaves_the_engine_that_was_exported(void **state)
{
	struct sp_event event;
	struct move move;
	struct pair p;
	uint8_t *room;

	(void)state;
	bring(&p, &move);
	pair_move(&p, SP_CLIENT);
	export(&p, &move);
	sp_engine_disconnect(p.server, 11, "not mine to say");
	assert_int_equal(sp_engine_rekey(p.server), SP_ERR_STATE);
	assert_int_equal(sp_auth_banner(p.server, "nor this"), SP_ERR_STATE);
	assert_int_equal(
	    sp_engine_export(p.server, move.token, &move.data, &move.len),
	    SP_ERR_STALE_TOKEN);
	assert_int_equal(sp_engine_input_room(p.server, &room), 0);
	assert_false(sp_engine_next_event(p.server, &event));
	assert_int_equal(sp_engine_output(p.server).len, 0);
	sp_engine_export_free(move.data, move.len);
	pair_clear(&p);
}

static void
an_importer_may_have_keys_renewed_more_often(void **state)
{
	struct move move;
	struct pair p;

	(void)state;
	bring(&p, &move);
	pair_move(&p, SP_CLIENT);
	export(&p, &move);
	p.config[SP_SERVER].rekey_ms = 1000;
	import(&p, &move);
	assert_int_equal(sp_engine_deadline(p.server), p.now + 1000);
	pair_clear(&p);
}

static void
any_identification_that_is_taken_can_be_moved(void **state)
{
	char software[LIMIT_IDENTIFICATION - 2 - 8 + 1];
	struct move move;
	struct pair p;

	(void)state;
	memset(software, 'x', sizeof software - 1);
	software[sizeof software - 1] = '\0';
	move = (struct move){ NULL, 0, 0 };
	pair_init(&p);
	p.config[SP_CLIENT].software = software;
	p.hook = stop_at_request;
	p.arg = &move;
	pair_start(&p);
	pair_run(&p);
	/* A query cannot be moved with. */
	assert_int_equal(
	    sp_engine_export(p.server, move.token, &move.data, &move.len),
	    SP_ERR_STATE);
	assert_int_equal(sp_auth_key_ok(p.server, move.token), SP_OK);
	pair_run(&p);
	export(&p, &move);
	import(&p, &move);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
	pair_clear(&p);
}

static void
an_import_has_nothing_to_say_before_it_is_accepted(void **state)
{
	struct sp_event event;
	struct move move;
	struct pair p;
	uint8_t *room;

	(void)state;
	bring(&p, &move);
	forger_say(&p, SP_CLIENT, "bs", 2, "nothing");
	pair_move(&p, SP_CLIENT);
	export(&p, &move);
	sp_engine_free(p.server);
	assert_int_equal(sp_engine_import(&p.config[SP_SERVER],
			     view_of(move.data, move.len), &p.server),
	    SP_OK);
	sp_engine_export_free(move.data, move.len);
	assert_int_equal(sp_engine_import_accept(p.server), SP_ERR_STATE);
	assert_false(sp_engine_next_event(p.server, &event));
	assert_int_equal(sp_engine_input_room(p.server, &room), 0);
	assert_int_equal(sp_engine_output(p.server).len, 0);
	assert_true(view_equal(
	    sp_engine_session_id(p.server), sp_engine_session_id(p.client)));
	pair_clear(&p);
}

/* ---- exports that somebody has changed ---- */

static void
only_a_server_imports(void **state)
{
	struct sp_engine *engine;
	struct pair p;

	(void)state;
	pair_init(&p);
	assert_int_equal(
	    sp_engine_import(&p.config[SP_CLIENT], view_of("x", 1), &engine),
	    SP_ERR_ARGUMENT);
}

static void
a_part_of_an_export_is_none_and_neither_is_more(void **state)
{
	struct sp_engine *engine;
	struct move move;
	struct pair p;
	uint8_t *longer;

	(void)state;
	bring(&p, &move);
	pair_move(&p, SP_CLIENT);
	export(&p, &move);
	for (size_t len = 0; len < move.len; len++) {
		/* In memory of its own, for what watches its end. */
		uint8_t *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy, move.data, len);
		assert_int_equal(sp_engine_import(&p.config[SP_SERVER],
				     view_of(copy, len), &engine),
		    SP_ERR_IMPORT);
		free(copy);
	}
	longer = calloc(1, move.len + 1);
	assert_non_null(longer);
	memcpy(longer, move.data, move.len);
	assert_int_equal(sp_engine_import(&p.config[SP_SERVER],
			     view_of(longer, move.len + 1), &engine),
	    SP_ERR_IMPORT);
	free(longer);
	sp_engine_export_free(move.data, move.len);
	pair_clear(&p);
}

static uint32_t
next_random(void)
{
	static uint32_t state = 4711;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void
mutate(uint8_t *data, size_t len)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };

	for (unsigned n = 1 + next_random() % 4; n > 0; n--) {
		size_t at = next_random() % len;

		if (next_random() % 2 == 0)
			data[at] ^= (uint8_t)(1u << next_random() % 8);
		else
			data[at] = edges[next_random() % sizeof edges];
	}
}

/* Lets it live, with what its client sent, for as long as it does. */
static void
drive(struct sp_engine *e, struct sp_view input)
{
	struct sp_event event;
	uint8_t *room;
	size_t len;

	if (sp_engine_enable_connection(e) != SP_OK ||
	    sp_engine_import_accept(e) != SP_OK)
		return;
	for (int turn = 0; turn < 3; turn++) {
		while (sp_engine_next_event(e, &event))
			;
		len = sp_engine_input_room(e, &room);
		if (len > input.len)
			len = input.len;
		if (len > 0)
			memcpy(room, input.data, len);
		sp_engine_input(e, len);
		input = view_of(input.data + len, input.len - len);
		sp_engine_output_sent(e, sp_engine_output(e).len);
	}
	(void)!sp_engine_rekey(e);
	sp_engine_disconnect(e, 11, "enough");
	while (sp_engine_next_event(e, &event))
		;
}

enum { MUTATIONS = 10000 };

static void
a_mutated_export_is_refused_or_leads_nowhere(void **state)
{
	unsigned refused = 0;

	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		struct move move;
		struct pair p;
		uint8_t *copy;

		bring_with(&p, &move, suite);
		forger_say(&p, SP_CLIENT, "bs", 2, "nothing");
		pair_move(&p, SP_CLIENT);
		assert_int_equal(sp_auth_banner(p.server, "hello"), SP_OK);
		export(&p, &move);
		forger_say(&p, SP_CLIENT, "bs", 2, "nothing");
		copy = malloc(move.len);
		assert_non_null(copy);
		for (unsigned n = 0; n < MUTATIONS; n++) {
			struct sp_engine *engine = NULL;
			enum sp_status status;

			memcpy(copy, move.data, move.len);
			mutate(copy, move.len);
			status = sp_engine_import(&p.config[SP_SERVER],
			    view_of(copy, move.len), &engine);
			assert_true(status == SP_OK || status == SP_ERR_IMPORT);
			if (status == SP_OK)
				drive(engine, sp_engine_output(p.client));
			else
				refused++;
			sp_engine_free(engine);
		}
		free(copy);
		sp_engine_export_free(move.data, move.len);
		pair_clear(&p);
	}
	/* Keys and ciphertext can be anything; of the rest much cannot. */
	assert_true(refused > MUTATIONS / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_opened_is_opened_by_the_next),
		cmocka_unit_test(so_is_a_packet_of_which_a_part_has_come),
		cmocka_unit_test(what_was_not_sent_yet_is_sent_by_the_next),
		cmocka_unit_test(new_keys_may_be_asked_for_at_that_moment),
		cmocka_unit_test(while_keys_are_exchanged_there_is_no_export),
		cmocka_unit_test(nothing_leaves_the_engine_that_was_exported),
		cmocka_unit_test(an_importer_may_have_keys_renewed_more_often),
		cmocka_unit_test(any_identification_that_is_taken_can_be_moved),
		cmocka_unit_test(
		    an_import_has_nothing_to_say_before_it_is_accepted),
		cmocka_unit_test(only_a_server_imports),
		cmocka_unit_test(
		    a_part_of_an_export_is_none_and_neither_is_more),
		cmocka_unit_test(a_mutated_export_is_refused_or_leads_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
