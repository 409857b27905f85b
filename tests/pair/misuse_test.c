/* Owners that take too much, too late, or in between; and peers that leave. */
#include "lib/engine.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sp_view
nothing(void)
{
	return view_of(NULL, 0);
}

static uint32_t
open_session(struct pair *p)
{
	pair_init(p);
	pair_start(p);
	pair_login(p);
	return pair_open_session(p);
}

/* ---- a reservation ---- */

static size_t
reserve(struct pair *p, uint32_t channel, struct iovec *iov)
{
	size_t count = 4;

	assert_int_equal(
	    sp_channel_reserve(p->client, channel, 0, 100000, iov, &count),
	    SP_OK);
	assert_int_not_equal(count, 0);
	for (size_t i = 0; i < count; i++)
		memset(iov[i].iov_base, 'x', iov[i].iov_len);
	return count;
}

typedef void between(struct pair *, uint32_t channel);

static void
ask_globally(struct pair *p, uint32_t channel)
{
	(void)channel;
	assert_int_equal(
	    sp_global_request(p->client, "any", false, nothing()), SP_OK);
}

static void
ask_channel(struct pair *p, uint32_t channel)
{
	assert_int_equal(
	    sp_channel_request(p->client, channel, "any", false, nothing()),
	    SP_OK);
}

static void
close_channel(struct pair *p, uint32_t channel)
{
	assert_int_equal(sp_channel_close(p->client, channel), SP_OK);
}

static void
start_exchange(struct pair *p, uint32_t channel)
{
	(void)channel;
	assert_int_equal(sp_engine_rekey(p->client), SP_OK);
}

static void
give_memory_back(struct pair *p, uint32_t channel)
{
	(void)channel;
	sp_engine_relax(p->client);
}

static void
take_event(struct pair *p, uint32_t channel)
{
	struct sp_event event;

	(void)channel;
	assert_false(sp_engine_next_event(p->client, &event));
}

static void
what_comes_between_gives_a_reservation_up(void **state)
{
	static between *const calls[] = { ask_globally, ask_channel,
		close_channel, start_exchange, give_memory_back, take_event };

	(void)state;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		struct iovec iov[4];
		uint32_t channel;
		struct pair p;

		channel = open_session(&p);
		reserve(&p, channel, iov);
		calls[i](&p, channel);
		assert_int_equal(
		    sp_channel_commit(p.client, 50000), SP_ERR_ARGUMENT);
		pair_run(&p);
		assert_int_equal(p.bytes[SP_SERVER], 0);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
		pair_clear(&p);
	}
}

static void
a_reservation_is_committed_once_and_no_further_than_it_goes(void **state)
{
	struct iovec iov[4];
	uint32_t channel;
	struct pair p;

	(void)state;
	channel = open_session(&p);
	assert_int_equal(sp_channel_commit(p.client, 0), SP_ERR_ARGUMENT);
	reserve(&p, channel, iov);
	assert_int_equal(sp_channel_commit(p.client, 100001), SP_ERR_ARGUMENT);
	assert_int_equal(sp_channel_commit(p.client, 40000), SP_OK);
	assert_int_equal(sp_channel_commit(p.client, 1), SP_ERR_ARGUMENT);
	reserve(&p, channel, iov);
	sp_engine_disconnect(p.client, 11, "enough");
	assert_int_equal(sp_channel_commit(p.client, 1), SP_ERR_STATE);
	pair_run(&p);
	assert_int_equal(p.bytes[SP_SERVER], 40000);
	pair_clear(&p);
}

/* ---- data ---- */

static bool
take_none(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	return side == SP_SERVER && event->kind == SP_EVENT_CHANNEL_DATA;
}

static void
send_data(struct pair *p, uint32_t channel, const char *text)
{
	size_t taken;

	assert_int_equal(sp_channel_write(p->client, channel, 0,
			     view_of_string(text), &taken),
	    SP_OK);
	assert_int_equal(taken, strlen(text));
}

static void
who_gives_up_more_than_there_is_gives_up_all(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = open_session(&p);
	p.hook = take_none;
	send_data(&p, channel, "data");
	pair_run(&p);
	sp_channel_consume(p.server, channel, 0, 1000);
	sp_channel_consume(p.server, channel, 1, 1);
	sp_channel_consume(p.server, channel + 1, 0, 1);
	sp_channel_took(p.server, channel, 1000);
	assert_int_equal(sp_channel_queue(p.server, channel, 0).len, 0);
	/* No window came of it that was not there. */
	assert_int_equal(forger_transport(&p, SP_SERVER)->out_answers, 0);
	send_data(&p, channel, "more");
	pair_run(&p);
	assert_true(
	    view_equal_string(sp_channel_queue(p.server, channel, 0), "more"));
	pair_clear(&p);
}

/* The ways a connection ends, from the side that sent the data. */
static void
end_connection(struct pair *p, int way)
{
	if (way == 0) {
		sp_engine_disconnect(p->client, 11, "bye");
	} else if (way == 1) {
		pair_run(p);
		sp_engine_input_eof(p->server);
	} else {
		forger_say(p, SP_CLIENT, "b", SSH_MSG_USERAUTH_SUCCESS);
	}
	pair_run(p);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_CLOSED], 1);
}

static void
what_came_before_the_end_of_the_connection_can_still_be_read(void **state)
{
	(void)state;
	for (int way = 0; way < 6; way++) {
		struct pair p;
		uint32_t channel;

		channel = open_session(&p);
		p.hook = take_none;
		send_data(&p, channel, "one");
		pair_run(&p);
		send_data(&p, channel, "two");
		if (way >= 3)
			assert_int_equal(
			    sp_channel_close(p.client, channel), SP_OK);
		end_connection(&p, way % 3);
		assert_true(view_equal_string(
		    sp_channel_queue(p.server, channel, 0), "onetwo"));
		sp_channel_consume(p.server, channel, 0, 3);
		assert_true(view_equal_string(
		    sp_channel_queue(p.server, channel, 0), "two"));
		sp_channel_consume(p.server, channel, 0, 4);
		assert_int_equal(sp_channel_queue(p.server, channel, 0).len, 0);
		assert_int_equal(
		    sp_channel_close(p.server, channel), SP_ERR_STATE);
		pair_clear(&p);
	}
}

/* The rest of an event's data, when the owner ends it in the middle. */
static bool
end_in_the_middle(
    struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (!take_none(p, side, event))
		return false;
	sp_engine_disconnect(p->server, 11, "enough");
	sp_channel_took(p->server, event->channel, 1);
	return true;
}

static void
so_can_the_rest_of_an_event_in_which_it_ended(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = open_session(&p);
	p.hook = end_in_the_middle;
	send_data(&p, channel, "data");
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 1);
	assert_true(
	    view_equal_string(sp_channel_queue(p.server, channel, 0), "ata"));
	pair_clear(&p);
}

static void
a_channel_its_peer_closed_stays_until_its_data_is_read(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	channel = open_session(&p);
	p.hook = take_none;
	send_data(&p, channel, "data");
	assert_int_equal(sp_channel_close(p.client, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_EOF], 1);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 0);
	sp_channel_consume(p.server, channel, 0, 3);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 0);
	sp_channel_consume(p.server, channel, 0, 1);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 1);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_CLOSED], 1);
	pair_clear(&p);
}

/* A question of the client's that the test keeps. */
static bool
keep_request(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (side != SP_SERVER || event->kind != SP_EVENT_CHANNEL_REQUEST)
		return false;
	*(sp_token *)p->arg = event->token;
	return true;
}

/* RFC 4254 5.3: nothing follows a CLOSE, for the peer may be done with it. */
static void
no_answer_follows_a_close(void **state)
{
	struct sp_view payload;
	sp_token token = 0;
	uint32_t channel;
	struct pair p;

	(void)state;
	channel = open_session(&p);
	p.hook = keep_request;
	p.arg = &token;
	assert_int_equal(sp_channel_request(
			     p.client, channel, "any", true, view_of(NULL, 0)),
	    SP_OK);
	pair_run(&p);
	assert_int_not_equal(token, 0);
	assert_int_equal(sp_channel_close(p.server, channel), SP_OK);
	assert_int_equal(sp_channel_answer(p.server, token, true), SP_OK);
	assert_true(forger_receive(&p, SP_SERVER, &payload));
	assert_int_equal(payload.data[0], SSH_MSG_CHANNEL_CLOSE);
	assert_false(forger_receive(&p, SP_SERVER, &payload));
	pair_clear(&p);
}

/* ---- configurations ---- */

static void
a_cookie_that_looks_like_a_later_one_is_refused(void **state)
{
	uint8_t cookie[16] = { 0x80 };
	struct sp_engine *engine;
	struct pair p;

	(void)state;
	pair_init(&p);
	p.config[SP_SERVER].first_cookie = cookie;
	assert_int_equal(
	    sp_engine_new(&p.config[SP_SERVER], &engine), SP_ERR_ARGUMENT);
	cookie[0] = 0x7f;
	assert_int_equal(sp_engine_new(&p.config[SP_SERVER], &engine), SP_OK);
	sp_engine_free(engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_between_gives_a_reservation_up),
		cmocka_unit_test(
		    a_reservation_is_committed_once_and_no_further_than_it_goes),
		cmocka_unit_test(who_gives_up_more_than_there_is_gives_up_all),
		cmocka_unit_test(
		    what_came_before_the_end_of_the_connection_can_still_be_read),
		cmocka_unit_test(so_can_the_rest_of_an_event_in_which_it_ended),
		cmocka_unit_test(
		    a_channel_its_peer_closed_stays_until_its_data_is_read),
		cmocka_unit_test(no_answer_follows_a_close),
		cmocka_unit_test(
		    a_cookie_that_looks_like_a_later_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
