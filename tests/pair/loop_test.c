/* The owner's loop: bytes, time, views and ends in whatever order. */
#include "lib/limits.h"
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t large[10000];

static struct sp_view
nothing(void)
{
	return view_of(NULL, 0);
}

static void
log_in(struct pair *p)
{
	pair_init(p);
	pair_start(p);
	pair_login(p);
}

/* The connection still carries something. */
static void
check_alive(struct pair *p)
{
	pair_open_session(p);
	assert_int_equal(p->count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_CLOSED], 0);
}

static void
send_data(struct pair *p, uint32_t channel)
{
	size_t taken;

	assert_int_equal(
	    sp_channel_write(p->client, channel, 0, view_of("data", 4), &taken),
	    SP_OK);
	assert_int_equal(taken, 4);
}

/* ---- views and ends ---- */

static void
a_reason_for_a_disconnect_is_not_looked_at_later(void **state)
{
	char reason[] = "a reason of my own";
	struct sp_event event;
	struct pair p;

	(void)state;
	log_in(&p);
	sp_engine_disconnect(p.client, 11, reason);
	memset(reason, 0, sizeof reason);
	assert_true(sp_engine_next_event(p.client, &event));
	assert_int_equal(event.kind, SP_EVENT_CLOSED);
	assert_int_equal(event.u.closed.status, SP_ERR_BY_APPLICATION);
	assert_int_equal(event.u.closed.reason, 11);
	assert_true(view_equal_string(
	    event.u.closed.description, sp_status_text(SP_ERR_BY_APPLICATION)));
	assert_false(sp_engine_next_event(p.client, &event));
	/* The peer is told the reason itself. */
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_DISCONNECTED);
	pair_clear(&p);
}

static bool
ask_with_own_memory(
    struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct sp_view blob = sp_key_blob(p->user_key);
	char algorithm[] = "ssh-ed25519", user[] = "alice";
	uint8_t key[64];

	if (side == SP_CLIENT && event->kind == SP_EVENT_AUTH_SIGN) {
		assert_true(view_equal(event->u.auth_sign.key, blob));
		assert_true(view_equal_string(
		    event->u.auth_sign.key_algorithm, "ssh-ed25519"));
	}
	if (side != SP_CLIENT || event->kind != SP_EVENT_AUTH_READY)
		return false;
	assert_true(blob.len <= sizeof key);
	memcpy(key, blob.data, blob.len);
	assert_int_equal(sp_auth_publickey(p->client, user, algorithm,
			     view_of(key, blob.len), false),
	    SP_OK);
	memset(key, 0, sizeof key);
	memset(algorithm, 0, sizeof algorithm);
	memset(user, 0, sizeof user);
	return true;
}

static void
what_is_to_be_signed_is_shown_from_the_engines_own_copy(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.hook = ask_with_own_memory;
	pair_start(&p);
	pair_login(&p);
	pair_clear(&p);
}

static void
a_client_without_channels_ends_when_one_is_opened(void **state)
{
	struct pair p;
	uint32_t number;

	(void)state;
	pair_init(&p);
	assert_int_equal(sp_engine_new(&p.config[SP_CLIENT], &p.client), SP_OK);
	assert_int_equal(sp_engine_new(&p.config[SP_SERVER], &p.server), SP_OK);
	assert_int_equal(sp_engine_enable_connection(p.server), SP_OK);
	pair_login(&p);
	assert_int_equal(
	    sp_channel_open(p.client, "any", nothing(), &number), SP_ERR_STATE);
	assert_int_equal(
	    sp_channel_open(p.server, "any", nothing(), &number), SP_OK);
	pair_run(&p);
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

static bool
hang_up_when_asked(
    struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	return side == SP_SERVER && event->kind == SP_EVENT_AUTH_REQUEST;
}

static void
who_hangs_up_while_a_question_is_open_is_gone(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.hook = hang_up_when_asked;
	pair_start(&p);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_AUTH_REQUEST], 1);
	sp_engine_input_eof(p.server);
	pair_run(&p);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_EOF);
	pair_clear(&p);
}

static void
what_came_before_a_hang_up_is_handed_out_first(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	for (int i = 0; i < 10; i++)
		send_data(&p, channel);
	assert_true(pair_move(&p, SP_CLIENT));
	sp_engine_input_eof(p.server);
	pair_run(&p);
	assert_int_equal(p.bytes[SP_SERVER], 40);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_EOF);
	pair_clear(&p);
}

/* ---- the owner's loop ---- */

/* Reads as often as there is room, as its first line says. */
static size_t
fill_input(struct sp_engine *e)
{
	size_t total = 0, len;
	uint8_t *room;

	while ((len = sp_engine_input_room(e, &room)) > 0) {
		/* Lengths of packets that are never whole. */
		memset(room, 0, len);
		sp_engine_input(e, len);
		total += len;
		assert_true(total < 2 * (size_t)LIMIT_READ);
	}
	return total;
}

static void
reading_ends_where_events_must_be_taken_first(void **state)
{
	struct pair p;
	size_t len;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	len = fill_input(p.server);
	assert_int_equal(len, LIMIT_READ_STRANGER);
	pair_run(&p);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_IDENTIFICATION);
	pair_clear(&p);

	log_in(&p);
	fill_input(p.client);
	pair_run(&p);
	assert_true(p.closed[SP_CLIENT] == SP_ERR_MAC ||
	    p.closed[SP_CLIENT] == SP_ERR_PACKET_LENGTH);
	pair_clear(&p);
}

static void
no_deadline_runs_while_output_must_leave_first(void **state)
{
	struct pair p;

	(void)state;
	log_in(&p);
	assert_true(sp_engine_deadline(p.client) > 0);
	for (int i = 0; i < 7; i++)
		assert_int_equal(sp_global_request(p.client, "any", false,
				     view_of(large, sizeof large)),
		    SP_OK);
	assert_int_equal(sp_engine_deadline(p.client), 0);
	pair_run(&p);
	assert_true(sp_engine_deadline(p.client) > 0);
	pair_clear(&p);
}

static void
time_alone_leads_to_new_keys(void **state)
{
	struct pair p;
	uint64_t at;

	(void)state;
	log_in(&p);
	at = sp_engine_deadline(p.server);
	assert_int_equal(at, p.now + 3600 * 1000);
	sp_engine_set_time(p.server, at - 1);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_KEX_DONE], 1);
	sp_engine_set_time(p.server, at);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_KEX_DONE], 2);
	assert_int_equal(sp_engine_deadline(p.server), at + 3600 * 1000);
	sp_engine_allow_rekey(p.server, false);
	assert_int_equal(sp_engine_deadline(p.server), 0);
	pair_clear(&p);
}

static void
spare_memory_is_given_back_and_all_goes_on(void **state)
{
	struct pair p;

	(void)state;
	log_in(&p);
	for (int i = 0; i < 3; i++) {
		sp_engine_relax(p.client);
		sp_engine_relax(p.server);
		assert_null(forger_transport(&p, SP_CLIENT)->in.data);
		assert_null(forger_transport(&p, SP_SERVER)->out.data);
		check_alive(&p);
	}
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_reason_for_a_disconnect_is_not_looked_at_later),
		cmocka_unit_test(
		    what_is_to_be_signed_is_shown_from_the_engines_own_copy),
		cmocka_unit_test(
		    a_client_without_channels_ends_when_one_is_opened),
		cmocka_unit_test(who_hangs_up_while_a_question_is_open_is_gone),
		cmocka_unit_test(
		    what_came_before_a_hang_up_is_handed_out_first),
		cmocka_unit_test(reading_ends_where_events_must_be_taken_first),
		cmocka_unit_test(
		    no_deadline_runs_while_output_must_leave_first),
		cmocka_unit_test(time_alone_leads_to_new_keys),
		cmocka_unit_test(spare_memory_is_given_back_and_all_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
