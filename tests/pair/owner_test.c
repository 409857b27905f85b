/* What an owner may ask of an engine, in whatever order, and what it gets. */
#include "lib/limits.h"
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 20 };

static uint8_t large[2 * LIMIT_PACKET];

static struct sp_view
too_large(void)
{
	return view_of(large, sizeof large);
}

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

/* ---- too large ---- */

static void
begin_too_much(struct pair *p, uint32_t channel)
{
	uint32_t number = 99;

	assert_int_equal(
	    sp_channel_open(p->client, "session", too_large(), &number),
	    SP_ERR_LIMIT);
	assert_int_equal(number, 99);
	assert_int_equal(
	    sp_channel_request(p->client, channel, "exec", true, too_large()),
	    SP_ERR_LIMIT);
	assert_int_equal(sp_global_request(p->client, "any", true, too_large()),
	    SP_ERR_LIMIT);
}

static void
a_message_too_large_is_refused_and_nothing_of_it_leaves(void **state)
{
	uint32_t channel, number;
	struct pair p;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	begin_too_much(&p, channel);
	assert_int_equal(sp_engine_output(p.client).len, 0);
	/* Nor is a number used up, or an answer awaited. */
	assert_int_equal(
	    sp_channel_open(p.client, "session", nothing(), &number), SP_OK);
	assert_int_equal(number, channel + 1);
	pair_run(&p);
	check_alive(&p);
	pair_clear(&p);
}

static void
it_is_refused_just_so_during_a_key_exchange(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	assert_int_equal(sp_engine_rekey(p.client), SP_OK);
	begin_too_much(&p, channel);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
	check_alive(&p);
	pair_clear(&p);
}

static void
what_waits_for_a_key_exchange_has_a_bound(void **state)
{
	enum sp_status status = SP_OK;
	size_t len = 0;
	struct pair p;

	(void)state;
	log_in(&p);
	assert_int_equal(sp_engine_rekey(p.client), SP_OK);
	while (status == SP_OK && len < 10 * (size_t)LIMIT_HELD) {
		status = sp_global_request(
		    p.client, "any", false, view_of(large, 10000));
		len += 10000;
	}
	assert_int_equal(status, SP_ERR_LIMIT);
	assert_true(len > LIMIT_HELD - 10000 && len < LIMIT_HELD + 10000);
	/* What was taken arrives. */
	pair_run(&p);
	assert_int_equal(
	    p.count[SP_SERVER][SP_EVENT_GLOBAL_REQUEST], len / 10000 - 1);
	check_alive(&p);
	pair_clear(&p);
}

static bool
banner_too_large(struct pair *p, enum sp_role side, const struct sp_event *e)
{
	static char text[2 * LIMIT_PACKET];

	if (side != SP_SERVER || e->kind != SP_EVENT_AUTH_REQUEST)
		return false;
	memset(text, 'x', sizeof text - 1);
	assert_int_equal(sp_auth_banner(p->server, text), SP_ERR_LIMIT);
	assert_int_equal(sp_auth_banner(p->server, "welcome"), SP_OK);
	return false;
}

static void
a_banner_too_large_is_refused_and_another_passes(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.hook = banner_too_large;
	pair_start(&p);
	pair_login(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_BANNER], 2);
	pair_clear(&p);
}

/* ---- many at once ---- */

/* Reads nothing, answers nothing: the test does. */
static bool
leave_open(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	sp_token *tokens = p->arg;

	if (side != SP_SERVER)
		return false;
	if (event->kind == SP_EVENT_CHANNEL_REQUEST && tokens != NULL)
		tokens[event->channel] = event->token;
	return event->kind == SP_EVENT_CHANNEL_DATA ||
	    event->kind == SP_EVENT_CHANNEL_REQUEST;
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

static void
many_channels_can_be_closed_before_an_event_is_taken(void **state)
{
	struct pair p;

	(void)state;
	log_in(&p);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(pair_open_session(&p), i);
	p.hook = leave_open;
	for (uint32_t i = 0; i < MANY; i++) {
		send_data(&p, i);
		assert_int_equal(sp_channel_close(p.client, i), SP_OK);
	}
	pair_run(&p);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(sp_channel_close(p.server, i), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], MANY);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_CLOSED], MANY);
	p.hook = NULL;
	assert_int_equal(pair_open_session(&p), 0);
	pair_clear(&p);
}

static void
many_requests_can_be_answered_before_an_event_is_taken(void **state)
{
	sp_token tokens[MANY];
	struct pair p;

	(void)state;
	log_in(&p);
	p.hook = leave_open;
	p.arg = tokens;
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(pair_open_session(&p), i);
		assert_int_equal(
		    sp_channel_request(p.client, i, "exec", true, nothing()),
		    SP_OK);
		send_data(&p, i);
	}
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_DATA], 0);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(
		    sp_channel_answer(p.server, tokens[i], true), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_DATA], MANY);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_REPLY], MANY);
	pair_clear(&p);
}

static void
a_number_is_not_used_again_before_its_owner_knows(void **state)
{
	uint32_t channel, other;
	struct pair p;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	p.hook = leave_open;
	send_data(&p, channel);
	assert_int_equal(sp_channel_close(p.client, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(sp_channel_close(p.server, channel), SP_OK);
	assert_int_equal(
	    sp_channel_open(p.server, "any", nothing(), &other), SP_OK);
	assert_int_not_equal(other, channel);
	pair_run(&p);
	assert_int_equal(
	    sp_channel_open(p.server, "any", nothing(), &other), SP_OK);
	assert_int_equal(other, channel);
	pair_clear(&p);
}

static void
a_held_channels_close_is_its_owners_to_answer(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	assert_int_equal(sp_channel_hold(p.server, channel), SP_OK);
	assert_int_equal(sp_channel_eof(p.client, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(sp_channel_close(p.client, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_EOF], 1);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSING], 1);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 0);
	assert_int_equal(sp_channel_request(p.server, channel, "exit-status",
			     false, view_of("\0\0\0\1", 4)),
	    SP_OK);
	assert_int_equal(sp_channel_close(p.server, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 1);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_CLOSED], 1);
	pair_clear(&p);
}

/* ---- what comes behind a request without an answer ---- */

static void
data_and_its_end_wait_for_the_answer_to_a_request(void **state)
{
	sp_token tokens[1];
	struct pair p;
	uint32_t channel;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	p.hook = leave_open;
	p.arg = tokens;
	assert_int_equal(
	    sp_channel_request(p.client, channel, "exec", true, nothing()),
	    SP_OK);
	send_data(&p, channel);
	assert_int_equal(sp_channel_eof(p.client, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_DATA], 0);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_EOF], 0);
	assert_int_equal(sp_channel_answer(p.server, tokens[0], true), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_DATA], 1);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_EOF], 1);
	assert_true(
	    view_equal_string(sp_channel_queue(p.server, channel, 0), "data"));
	pair_clear(&p);
}

static bool
leave_clients_open(
    struct pair *p, enum sp_role side, const struct sp_event *event)
{
	sp_token *token = p->arg;

	if (side != SP_CLIENT || event->kind != SP_EVENT_CHANNEL_REQUEST)
		return false;
	*token = event->token;
	return true;
}

static void
so_does_extended_data(void **state)
{
	sp_token token = 0;
	struct pair p;
	uint32_t channel;
	size_t taken;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	p.hook = leave_clients_open;
	p.arg = &token;
	assert_int_equal(
	    sp_channel_request(p.server, channel, "any", true, nothing()),
	    SP_OK);
	assert_int_equal(
	    sp_channel_write(p.server, channel, 1, view_of("error", 5), &taken),
	    SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_DATA], 0);
	assert_int_equal(sp_channel_answer(p.client, token, false), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_DATA], 1);
	assert_true(
	    view_equal_string(sp_channel_queue(p.client, channel, 1), "error"));
	pair_clear(&p);
}

/* ---- tokens ---- */

static void
an_answer_to_a_dead_token_does_nothing_and_says_so(void **state)
{
	sp_token tokens[1] = { 0 };
	struct pair p;
	uint32_t channel;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	p.hook = leave_open;
	p.arg = tokens;
	assert_int_equal(
	    sp_channel_request(p.client, channel, "exec", true, nothing()),
	    SP_OK);
	assert_int_equal(sp_channel_close(p.client, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(
	    sp_channel_answer(p.server, tokens[0], true), SP_ERR_STALE_TOKEN);
	for (sp_token token = 0; token < 20; token++) {
		struct sp_engine *e = p.server;

		assert_int_equal(
		    sp_channel_accept(e, token), SP_ERR_STALE_TOKEN);
		assert_int_equal(
		    sp_channel_refuse(e, token, 1, "no"), SP_ERR_STALE_TOKEN);
		assert_int_equal(sp_global_answer(e, token, true, nothing()),
		    SP_ERR_STALE_TOKEN);
		assert_int_equal(sp_exchange_signed(e, token, nothing()),
		    SP_ERR_STALE_TOKEN);
		assert_int_equal(
		    sp_exchange_refuse(e, token), SP_ERR_STALE_TOKEN);
		assert_int_equal(sp_auth_accept(e, token), SP_ERR_STALE_TOKEN);
		assert_int_equal(
		    sp_auth_fail(e, token, "x", false), SP_ERR_STALE_TOKEN);
		assert_int_equal(sp_host_key_answer(p.client, token, true),
		    SP_ERR_STALE_TOKEN);
		assert_int_equal(sp_auth_signed(p.client, token, nothing()),
		    SP_ERR_STALE_TOKEN);
	}
	check_alive(&p);
	pair_clear(&p);
}

/* ---- what cannot be done, or not now ---- */

static bool
refuse_channels(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (side == SP_SERVER && event->kind == SP_EVENT_CHANNEL_OPEN) {
		assert_int_equal(
		    sp_channel_refuse(p->server, event->token, 3, "unheard of"),
		    SP_OK);
		return true;
	}
	if (side == SP_CLIENT && event->kind == SP_EVENT_CHANNEL_REFUSED) {
		assert_int_equal(event->u.channel_refused.reason, 3);
		assert_true(view_equal_string(
		    event->u.channel_refused.description, "unheard of"));
	}
	return false;
}

static void
a_refused_channel_is_gone(void **state)
{
	uint32_t number = 99, again = 99;
	struct pair p;

	(void)state;
	log_in(&p);
	p.hook = refuse_channels;
	assert_int_equal(
	    sp_channel_open(p.client, "any", nothing(), &number), SP_OK);
	/* It is not there before the answer either. */
	assert_int_equal(sp_channel_close(p.client, number), SP_ERR_CHANNEL);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_REFUSED], 1);
	assert_int_equal(sp_channel_close(p.client, number), SP_ERR_CHANNEL);
	assert_int_equal(
	    sp_channel_open(p.client, "any", nothing(), &again), SP_OK);
	assert_int_equal(again, number);
	pair_clear(&p);
}

static void
so_many_channels_can_be_open(void **state)
{
	struct pair p;
	uint32_t number;

	(void)state;
	pair_init(&p);
	p.config[SP_CLIENT].max_channels = 3;
	pair_start(&p);
	assert_int_equal(
	    sp_channel_open(p.client, "any", nothing(), &number), SP_ERR_STATE);
	pair_login(&p);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(pair_open_session(&p), i);
	assert_int_equal(
	    sp_channel_open(p.client, "any", nothing(), &number), SP_ERR_LIMIT);
	pair_clear(&p);
}

static void
what_was_closed_takes_no_more(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	log_in(&p);
	channel = pair_open_session(&p);
	/* An answer on its way to a closed channel is dropped in silence. */
	assert_int_equal(
	    sp_channel_request(p.client, channel, "any", true, nothing()),
	    SP_OK);
	assert_int_equal(sp_channel_close(p.client, channel), SP_OK);
	assert_int_equal(sp_channel_close(p.client, channel), SP_OK);
	assert_int_equal(sp_channel_eof(p.client, channel), SP_OK);
	assert_int_equal(
	    sp_channel_request(p.client, channel, "any", true, nothing()),
	    SP_ERR_CHANNEL);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_REPLY], 0);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_CLOSED], 1);
	assert_int_equal(sp_channel_eof(p.client, channel), SP_ERR_CHANNEL);
	check_alive(&p);
	pair_clear(&p);
}

static bool
answer_at_length(struct pair *p, enum sp_role side, const struct sp_event *e)
{
	if (side != SP_SERVER || e->kind != SP_EVENT_GLOBAL_REQUEST)
		return false;
	assert_int_equal(sp_global_answer(p->server, e->token, true,
			     view_of(large, LIMIT_CHANNEL_PACKET + 1)),
	    SP_ERR_ARGUMENT);
	assert_int_equal(sp_global_answer(p->server, e->token, true,
			     view_of(large, LIMIT_CHANNEL_PACKET)),
	    SP_OK);
	return true;
}

static void
an_answer_too_long_leaves_the_question_open(void **state)
{
	struct pair p;

	(void)state;
	log_in(&p);
	p.hook = answer_at_length;
	assert_int_equal(
	    sp_global_request(p.client, "any", true, nothing()), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_GLOBAL_REPLY], 1);
	check_alive(&p);
	pair_clear(&p);
}

static void
a_client_proves_one_thing_at_a_time_and_in_its_time(void **state)
{
	static char user[LIMIT_USER + 2];
	struct sp_view key = view_of("key", 3);
	struct pair p;

	(void)state;
	memset(user, 'x', LIMIT_USER + 1);
	pair_init(&p);
	pair_start(&p);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_ERR_STATE);
	assert_int_equal(sp_auth_publickey(p.client, "alice", "any", key, true),
	    SP_ERR_STATE);
	assert_int_equal(sp_auth_banner(p.client, "hello"), SP_ERR_STATE);
	pair_clear(&p);

	pair_init(&p);
	forger_bring(&p, SP_SERVER, PHASE_USERAUTH, true);
	assert_int_equal(sp_auth_none(p.client, user), SP_ERR_LIMIT);
	assert_int_equal(
	    sp_auth_publickey(p.client, user, "any", key, true), SP_ERR_LIMIT);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_OK);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_ERR_STATE);
	assert_int_equal(sp_auth_publickey(p.client, "alice", "any", key, true),
	    SP_ERR_STATE);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_FAILED], 1);
	pair_clear(&p);

	log_in(&p);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_ERR_STATE);
	assert_int_equal(sp_auth_banner(p.server, "hello"), SP_ERR_STATE);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_message_too_large_is_refused_and_nothing_of_it_leaves),
		cmocka_unit_test(it_is_refused_just_so_during_a_key_exchange),
		cmocka_unit_test(what_waits_for_a_key_exchange_has_a_bound),
		cmocka_unit_test(
		    a_banner_too_large_is_refused_and_another_passes),
		cmocka_unit_test(
		    many_channels_can_be_closed_before_an_event_is_taken),
		cmocka_unit_test(
		    many_requests_can_be_answered_before_an_event_is_taken),
		cmocka_unit_test(
		    a_number_is_not_used_again_before_its_owner_knows),
		cmocka_unit_test(a_held_channels_close_is_its_owners_to_answer),
		cmocka_unit_test(
		    data_and_its_end_wait_for_the_answer_to_a_request),
		cmocka_unit_test(so_does_extended_data),
		cmocka_unit_test(
		    an_answer_to_a_dead_token_does_nothing_and_says_so),
		cmocka_unit_test(a_refused_channel_is_gone),
		cmocka_unit_test(so_many_channels_can_be_open),
		cmocka_unit_test(what_was_closed_takes_no_more),
		cmocka_unit_test(an_answer_too_long_leaves_the_question_open),
		cmocka_unit_test(
		    a_client_proves_one_thing_at_a_time_and_in_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
