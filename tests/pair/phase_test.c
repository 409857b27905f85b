/*
 * Every message of message.def in every phase, from either role: what the
 * table allows is taken, and all else ends the connection.
 */
#include "lib/transport/transport.h"
#include "tests/pair/scene.h"
#include "tests/pair/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* So often, in one input. */
static enum sp_status
play(const struct scene *s, int times)
{
	enum sp_status status;
	struct buffer payload;
	struct pair p;

	scene_set(&p, s);
	buffer_init(&payload, LIMIT_PACKET);
	shape_write(shape_of(s->row), &payload, NULL);
	while (--times > 0)
		forger_send(&p, forger_other(s->victim), buffer_view(&payload));
	scene_play(&p, s, buffer_view(&payload));
	status = scene_end(&p, s);
	buffer_clear(&payload);
	pair_clear(&p);
	return status;
}

/* One method's group is another's reply, but malformed. */
static enum sp_status
end_of(const struct scene *s)
{
	if (s->row->family == FAMILY_GEX && !s->is_gex)
		return SP_ERR_FORMAT;
	if (s->row->family == FAMILY_ECDH && s->is_gex)
		return SP_ERR_TRAILING;
	return shape_end(shape_of(s->row));
}

static void
check_permission(const struct scene *s)
{
	enum sp_status status = play(s, 1);
	bool is_refused = status == SP_ERR_UNEXPECTED_MESSAGE ||
	    (s->is_strict && status == SP_ERR_STRICT_KEX);

	if (scene_is_allowed(s) ? status != end_of(s) : !is_refused)
		fail_msg("%s: %s", scene_name(s), sp_status_name(status));
}

static void
in_each_phase(
    const struct message *row, enum sp_role victim, bool is_strict, bool is_gex)
{
	for (size_t i = 0; i < SCENE_PHASES; i++)
		check_permission(&(struct scene){
		    row, scene_phases[i], victim, is_strict, is_gex });
}

static void
each_message(enum sp_role victim, bool is_strict)
{
	for (size_t i = 0; message_row(i) != NULL; i++)
		in_each_phase(message_row(i), victim, is_strict, false);
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

static void
so_do_both_with_those_of_an_exchange_in_a_group(void **state)
{
	(void)state;
	for (size_t i = 0; message_row(i) != NULL; i++) {
		const struct message *row = message_row(i);

		if (row->family != FAMILY_ECDH && row->family != FAMILY_GEX)
			continue;
		in_each_phase(row, SP_SERVER, true, true);
		in_each_phase(row, SP_CLIENT, true, true);
	}
}

/* ---- what the table says, said once more in words ---- */

static void
before_success_nothing_of_the_connection_layer_is_allowed(void **state)
{
	const unsigned after =
	    PHASE_CONNECTION | PHASE_USER_REKEX | PHASE_USER_RENEWKEYS;

	(void)state;
	for (size_t i = 0; message_row(i) != NULL; i++) {
		const struct message *row = message_row(i);

		if (row->layer == LAYER_CONNECTION)
			assert_int_equal(row->phases, after);
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

/* ---- twice ---- */

static void
send_twice(const struct scene *s)
{
	enum message_sender peer =
	    s->victim == SP_CLIENT ? MESSAGE_FROM_SERVER : MESSAGE_FROM_CLIENT;
	enum sp_status status;

	if ((s->row->sender & peer) == 0 || !scene_is_allowed(s))
		return;
	status = play(s, 2);
	if (status != SP_ERR_REPEATED_MESSAGE &&
	    status != SP_ERR_UNEXPECTED_MESSAGE)
		fail_msg("%s: %s", scene_name(s), sp_status_name(status));
}

static void
what_may_come_once_ends_the_connection_when_it_comes_twice(void **state)
{
	(void)state;
	for (size_t i = 0; message_row(i) != NULL; i++)
		for (size_t k = 0; k < 2 * SCENE_PHASES && message_row(i)->once;
		     k++)
			send_twice(&(struct scene){ message_row(i),
			    scene_phases[k / 2],
			    k % 2 == 0 ? SP_CLIENT : SP_SERVER, true, false });
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
		PHASE_RENEWKEYS, PHASE_USER_REKEX, PHASE_USER_RENEWKEYS };

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
		cmocka_unit_test(
		    a_server_takes_each_message_only_where_it_belongs),
		cmocka_unit_test(
		    a_client_takes_each_message_only_where_it_belongs),
		cmocka_unit_test(
		    so_does_a_server_with_a_peer_that_is_not_strict),
		cmocka_unit_test(
		    so_does_a_client_with_a_peer_that_is_not_strict),
		cmocka_unit_test(
		    so_do_both_with_those_of_an_exchange_in_a_group),
		cmocka_unit_test(
		    before_success_nothing_of_the_connection_layer_is_allowed),
		cmocka_unit_test(strict_kex_allows_only_what_an_exchange_needs),
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
