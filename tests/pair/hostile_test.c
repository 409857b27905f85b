/* Peers that break the rules of channels, one rule after another. */
#include "lib/connection/channel.h"
#include "lib/limits.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum sp_role roles[] = { SP_CLIENT, SP_SERVER };

static struct sp_view
nothing(void)
{
	return view_of(NULL, 0);
}

/* ---- channels that are not there ---- */

/* A session channel of the pair's, number 0 on both sides. */
static void
bring_channel(struct pair *p, enum sp_role victim)
{
	forger_begin(p, victim, PHASE_CONNECTION, true);
	assert_int_equal(pair_open_session(p), 0);
}

static void
check_closed(struct pair *p, enum sp_role victim, enum sp_status status)
{
	forger_deliver(p, victim);
	assert_int_equal(p->closed[victim], status);
	assert_int_equal(
	    p->count[victim][SP_EVENT_CLOSED], status == SP_OK ? 0 : 1);
	pair_clear(p);
}

/* Each message about a channel, by number. */
static void
say_about(struct pair *p, enum sp_role from, int number, uint32_t channel)
{
	if (number == SSH_MSG_CHANNEL_WINDOW_ADJUST)
		forger_say(p, from, "buu", number, channel, 1);
	else if (number == SSH_MSG_CHANNEL_DATA)
		forger_say(p, from, "bus", number, channel, "data");
	else if (number == SSH_MSG_CHANNEL_EXTENDED_DATA)
		forger_say(p, from, "buus", number, channel, 1, "data");
	else if (number == SSH_MSG_CHANNEL_REQUEST)
		forger_say(p, from, "busb", number, channel, "any", 1);
	else
		forger_say(p, from, "bu", number, channel);
}

static void
a_channel_that_is_not_there_ends_the_connection(void **state)
{
	static const uint32_t channels[] = { 1, 63, 64, 65, 0x80000000,
		0xffffffff };

	(void)state;
	for (int number = 91; number <= 100; number++)
		for (size_t i = 0; i < 12; i++) {
			enum sp_role victim = roles[i % 2];
			struct pair p;

			bring_channel(&p, victim);
			say_about(
			    &p, forger_other(victim), number, channels[i / 2]);
			check_closed(&p, victim, SP_ERR_CHANNEL);
		}
}

static bool
leave_open(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	(void)side;
	return event->kind == SP_EVENT_CHANNEL_OPEN ||
	    event->kind == SP_EVENT_CHANNEL_REQUEST ||
	    event->kind == SP_EVENT_GLOBAL_REQUEST ||
	    event->kind == SP_EVENT_CHANNEL_DATA;
}

static void
nor_may_one_be_used_that_is_only_asked_for(void **state)
{
	(void)state;
	for (int number = 91; number <= 100; number++) {
		struct pair p;

		/* By the peer, who has had no answer. */
		forger_begin(&p, SP_SERVER, PHASE_CONNECTION, true);
		p.hook = leave_open;
		forger_say(&p, SP_CLIENT, "bsuuu", 90, "session", 0, 9, 9);
		say_about(&p, SP_CLIENT, number, 0);
		check_closed(&p, SP_SERVER, SP_ERR_CHANNEL);
	}
	for (int number = 93; number <= 100; number++) {
		struct pair p;
		uint32_t channel;

		/* By us: nothing but the two answers will do. */
		forger_begin(&p, SP_SERVER, PHASE_CONNECTION, true);
		assert_int_equal(
		    sp_channel_open(p.server, "any", nothing(), &channel),
		    SP_OK);
		say_about(&p, SP_CLIENT, number, channel);
		check_closed(&p, SP_SERVER, SP_ERR_CHANNEL);
	}
}

static void
an_open_is_answered_once(void **state)
{
	(void)state;
	for (int first = 91; first <= 92; first++)
		for (int second = 91; second <= 92; second++) {
			uint32_t channel;
			struct pair p;

			forger_begin(&p, SP_SERVER, PHASE_CONNECTION, true);
			assert_int_equal(sp_channel_open(p.server, "any",
					     nothing(), &channel),
			    SP_OK);
			for (int i = 0; i < 2; i++) {
				if ((i == 0 ? first : second) == 91)
					forger_say(&p, SP_CLIENT, "buuuu", 91,
					    channel, 5, 100, 100);
				else
					forger_say(&p, SP_CLIENT, "buuss", 92,
					    channel, 1, "no", "");
			}
			check_closed(&p, SP_SERVER, SP_ERR_CHANNEL);
		}
}

static void
a_largest_packet_of_nothing_is_malformed(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_CONNECTION, true);
	forger_say(&p, SP_CLIENT, "bsuuu", 90, "session", 0, 100, 0);
	check_closed(&p, SP_SERVER, SP_ERR_FORMAT);

	forger_begin(&p, SP_CLIENT, PHASE_CONNECTION, true);
	assert_int_equal(
	    sp_channel_open(p.client, "session", nothing(), &channel), SP_OK);
	forger_say(&p, SP_SERVER, "buuuu", 91, channel, 0, 100, 0);
	check_closed(&p, SP_CLIENT, SP_ERR_FORMAT);
}

static void
one_channel_too_many_is_refused_and_the_others_stay(void **state)
{
	struct sp_view payload;
	struct reader r;
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_CONNECTION, true);
	for (uint32_t i = 0; i <= LIMIT_CHANNELS; i++)
		forger_say(&p, SP_CLIENT, "bsuuu", 90, "session", i, 100, 100);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(
	    p.count[SP_SERVER][SP_EVENT_CHANNEL_OPEN], LIMIT_CHANNELS);
	for (uint32_t i = 0; i <= LIMIT_CHANNELS; i++) {
		assert_true(forger_receive(&p, SP_SERVER, &payload));
		reader_init(&r, payload);
		assert_int_equal(reader_u8(&r), i < LIMIT_CHANNELS ? 91 : 92);
		assert_int_equal(reader_u32(&r), i);
	}
	assert_int_equal(reader_u32(&r), 4); /* resource shortage */
	check_closed(&p, SP_SERVER, SP_OK);
}

static void
a_client_opens_no_session_for_its_server(void **state)
{
	struct sp_view payload;
	struct reader r;
	struct pair p;

	(void)state;
	forger_begin(&p, SP_CLIENT, PHASE_CONNECTION, true);
	forger_say(&p, SP_SERVER, "bsuuu", 90, "session", 7, 100, 100);
	forger_deliver(&p, SP_CLIENT);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_OPEN], 0);
	assert_true(forger_receive(&p, SP_CLIENT, &payload));
	reader_init(&r, payload);
	assert_int_equal(reader_u8(&r), 92);
	assert_int_equal(reader_u32(&r), 7);
	assert_int_equal(reader_u32(&r), 1); /* prohibited */
	check_closed(&p, SP_CLIENT, SP_OK);
}

/* ---- data and windows ---- */

static void
data_larger_than_a_packet_may_have_ends_the_connection(void **state)
{
	struct pair p;

	(void)state;
	bring_channel(&p, SP_SERVER);
	forger_say(&p, SP_CLIENT, "bud", 94, 0, (size_t)LIMIT_CHANNEL_PACKET);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.bytes[SP_SERVER], LIMIT_CHANNEL_PACKET);
	forger_say(
	    &p, SP_CLIENT, "bud", 94, 0, (size_t)LIMIT_CHANNEL_PACKET + 1);
	check_closed(&p, SP_SERVER, SP_ERR_CHANNEL_PACKET);

	bring_channel(&p, SP_CLIENT);
	forger_say(
	    &p, SP_SERVER, "buud", 95, 0, 1, (size_t)LIMIT_CHANNEL_PACKET + 1);
	check_closed(&p, SP_CLIENT, SP_ERR_CHANNEL_PACKET);
}

static void
data_beyond_the_window_ends_the_connection(void **state)
{
	static const int numbers[] = { 94, 95 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t window = 4 * (size_t)LIMIT_CHANNEL_PACKET;
		struct pair p;

		pair_init(&p);
		p.config[SP_CLIENT].window_initial = (uint32_t)window;
		forger_bring(&p, SP_CLIENT, PHASE_CONNECTION, true);
		pair_open_session(&p);
		p.hook = leave_open; /* takes nothing */
		while (window > 0) {
			forger_say(&p, SP_SERVER, "bud", 94, 0, (size_t)16384);
			window -= 16384;
		}
		forger_deliver(&p, SP_CLIENT);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
		if (numbers[i] == 94)
			forger_say(&p, SP_SERVER, "bus", 94, 0, "x");
		else
			forger_say(&p, SP_SERVER, "buus", 95, 0, 2, "x");
		check_closed(&p, SP_CLIENT, SP_ERR_WINDOW);
	}
}

static void
nothing_follows_an_end_of_data(void **state)
{
	static const int numbers[] = { 94, 95, 96 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct pair p;

		bring_channel(&p, SP_SERVER);
		forger_say(&p, SP_CLIENT, "bu", 96, 0);
		say_about(&p, SP_CLIENT, numbers[i], 0);
		check_closed(&p, SP_SERVER,
		    numbers[i] == 96 ? SP_ERR_REPEATED_MESSAGE
				     : SP_ERR_CHANNEL);
	}
}

static void
but_requests_and_window_do_follow_it(void **state)
{
	struct pair p;

	(void)state;
	bring_channel(&p, SP_SERVER);
	forger_say(&p, SP_CLIENT, "bu", 96, 0);
	say_about(&p, SP_CLIENT, 93, 0);
	say_about(&p, SP_CLIENT, 98, 0);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_REQUEST], 1);
	check_closed(&p, SP_SERVER, SP_OK);
}

static void
nothing_at_all_follows_a_close(void **state)
{
	(void)state;
	for (int is_gone = 0; is_gone < 2; is_gone++)
		for (int number = 93; number <= 100; number++) {
			struct pair p;

			bring_channel(&p, SP_SERVER);
			/* Data nobody takes keeps the channel's number. */
			p.hook = is_gone ? NULL : leave_open;
			say_about(&p, SP_CLIENT, 94, 0);
			forger_say(&p, SP_CLIENT, "bu", 97, 0);
			say_about(&p, SP_CLIENT, number, 0);
			check_closed(&p, SP_SERVER, SP_ERR_CHANNEL);
		}
}

static void
a_window_cannot_grow_past_its_32_bits(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_CONNECTION, true);
	forger_say(&p, SP_CLIENT, "bsuuu", 90, "session", 0, 100000, 100);
	forger_say(&p, SP_CLIENT, "buu", 93, 0, UINT32_MAX - 100000);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	forger_say(&p, SP_CLIENT, "buu", 93, 0, 1);
	check_closed(&p, SP_SERVER, SP_ERR_WINDOW);
}

static void
extended_data_to_a_server_is_passed_over_and_counted(void **state)
{
	size_t total = 0;
	struct pair p;

	(void)state;
	bring_channel(&p, SP_SERVER);
	while (total < 10 * 1024 * 1024) {
		forger_say(
		    &p, SP_CLIENT, "buud", 95, 0, total % 3, (size_t)32768);
		total += 32768;
		/* The forger's own engine minds no window. */
		forger_deliver(&p, SP_SERVER);
	}
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_DATA], 0);
	check_closed(&p, SP_SERVER, SP_OK);
}

static void
messages_that_crossed_our_close_are_passed_over(void **state)
{
	static const int numbers[] = { 93, 94, 95, 98, 96 };
	struct pair p;

	(void)state;
	bring_channel(&p, SP_SERVER);
	assert_int_equal(sp_channel_close(p.server, 0), SP_OK);
	for (size_t i = 0; i < 5; i++)
		say_about(&p, SP_CLIENT, numbers[i], 0);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_DATA], 0);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_REQUEST], 0);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_EOF], 0);
	forger_say(&p, SP_CLIENT, "bu", 97, 0);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 1);
	forger_say(&p, SP_CLIENT, "bu", 97, 0);
	check_closed(&p, SP_SERVER, SP_ERR_CHANNEL);
}

/* ---- questions and replies ---- */

static void
too_many_questions_stop_the_reading(void **state)
{
	static const int numbers[] = { 98, 80 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		enum sp_event_kind kind = numbers[i] == 98
		    ? SP_EVENT_CHANNEL_REQUEST
		    : SP_EVENT_GLOBAL_REQUEST;
		struct pair p;
		uint8_t *room;

		bring_channel(&p, SP_SERVER);
		p.hook = leave_open;
		for (int n = 0; n < LIMIT_QUESTIONS + 3; n++)
			if (numbers[i] == 98)
				say_about(&p, SP_CLIENT, 98, 0);
			else
				forger_say(&p, SP_CLIENT, "bsb", 80, "any", 1);
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(p.count[SP_SERVER][kind], LIMIT_QUESTIONS);
		assert_int_equal(sp_engine_input_room(p.server, &room), 0);
		check_closed(&p, SP_SERVER, SP_OK);
	}
}

/* Answers the newest first: all leave when the oldest is answered. */
struct asked {
	sp_token tokens[LIMIT_QUESTIONS];
	size_t count;
};

static bool
keep_token(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct asked *asked = p->arg;

	if (side != SP_SERVER || event->token == 0)
		return false;
	assert_true(asked->count < LIMIT_QUESTIONS);
	asked->tokens[asked->count++] = event->token;
	return true;
}

static void
replies_leave_in_the_order_of_the_requests(void **state)
{
	struct asked asked = { .count = 0 };
	struct sp_view payload;
	struct pair p;

	(void)state;
	bring_channel(&p, SP_SERVER);
	p.hook = keep_token;
	p.arg = &asked;
	for (int n = 0; n < LIMIT_QUESTIONS + 1; n++)
		say_about(&p, SP_CLIENT, 98, 0);
	forger_deliver(&p, SP_SERVER);
	for (size_t i = LIMIT_QUESTIONS; i > 1; i--)
		assert_int_equal(sp_channel_answer(
				     p.server, asked.tokens[i - 1], i % 2 == 0),
		    SP_OK);
	assert_false(forger_receive(&p, SP_SERVER, &payload));
	asked.count = 0;
	assert_int_equal(
	    sp_channel_answer(p.server, asked.tokens[0], false), SP_OK);
	for (size_t i = 1; i <= LIMIT_QUESTIONS; i++) {
		assert_true(forger_receive(&p, SP_SERVER, &payload));
		assert_int_equal(payload.data[0], i % 2 == 0 ? 99 : 100);
	}
	/* And there is room for the one that waited. */
	pair_run(&p);
	assert_int_equal(asked.count, 1);
	check_closed(&p, SP_SERVER, SP_OK);
}

static void
a_reply_that_nobody_awaits_ends_the_connection(void **state)
{
	static const int numbers[] = { 81, 82, 99, 100 };

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		enum sp_role victim = roles[i % 2];
		struct pair p;

		bring_channel(&p, victim);
		if (numbers[i / 2] < 90)
			forger_say(
			    &p, forger_other(victim), "b", numbers[i / 2]);
		else
			say_about(&p, forger_other(victim), numbers[i / 2], 0);
		check_closed(&p, victim, SP_ERR_UNEXPECTED_MESSAGE);
	}
}

/* Requests of the victim's, one of each kind, each answered twice. */
static void
nor_may_one_be_given_twice(void **state)
{
	static const int numbers[] = { 81, 82, 99, 100 };

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		enum sp_role victim = roles[i % 2];
		struct sp_engine *e;
		struct pair p;

		bring_channel(&p, victim);
		e = pair_engine(&p, victim);
		assert_int_equal(
		    sp_global_request(e, "any", true, nothing()), SP_OK);
		assert_int_equal(
		    sp_channel_request(e, 0, "any", true, nothing()), SP_OK);
		for (int times = 0; times < 2; times++) {
			assert_int_equal(p.closed[victim], SP_OK);
			if (numbers[i / 2] < 90)
				forger_say(&p, forger_other(victim), "b",
				    numbers[i / 2]);
			else
				say_about(&p, forger_other(victim),
				    numbers[i / 2], 0);
			forger_deliver(&p, victim);
		}
		assert_int_equal(p.count[victim][SP_EVENT_GLOBAL_REPLY] +
			p.count[victim][SP_EVENT_CHANNEL_REPLY],
		    1);
		check_closed(&p, victim, SP_ERR_UNEXPECTED_MESSAGE);
	}
}

/* ---- a peer that never reads ---- */

/* Says one thing until the victim takes no more; how often it did. */
static unsigned
flood(struct pair *p, enum sp_role victim, unsigned most)
{
	enum sp_role from = forger_other(victim);
	uint8_t *room;

	for (unsigned n = 0; n < most; n++) {
		if (sp_engine_input_room(pair_engine(p, victim), &room) == 0)
			return n;
		if (forger_transport(p, victim)->is_trusted)
			forger_say(p, from, "bsb", 80, "any", 1);
		else
			forger_say(p, from, "b", 191);
		forger_deliver(p, victim);
	}
	return most;
}

static void
who_does_not_read_the_answers_can_ask_for_so_many(void **state)
{
	static const enum message_phase where[] = { PHASE_USERAUTH,
		PHASE_CONNECTION };
	static const size_t bounds[] = { LIMIT_OUTPUT_STRANGER,
		LIMIT_OUTPUT_WAITING };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		enum sp_role victim = roles[i % 2];
		struct buffer *out;
		struct pair p;
		unsigned n;

		forger_begin(&p, victim, where[i / 2], true);
		n = flood(&p, victim, 100000);
		out = &forger_transport(&p, victim)->out;
		assert_true(n > bounds[i / 2] / 64 && n < 100000);
		assert_true(buffer_len(out) <= bounds[i / 2] + 64);
		assert_true(out->capacity <= 2 * bounds[i / 2]);
		/* When it reads again all goes on. */
		sp_engine_output_sent(pair_engine(&p, victim), buffer_len(out));
		assert_int_not_equal(flood(&p, victim, 100), 0);
		check_closed(&p, victim, SP_OK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_channel_that_is_not_there_ends_the_connection),
		cmocka_unit_test(nor_may_one_be_used_that_is_only_asked_for),
		cmocka_unit_test(an_open_is_answered_once),
		cmocka_unit_test(a_largest_packet_of_nothing_is_malformed),
		cmocka_unit_test(
		    one_channel_too_many_is_refused_and_the_others_stay),
		cmocka_unit_test(a_client_opens_no_session_for_its_server),
		cmocka_unit_test(
		    data_larger_than_a_packet_may_have_ends_the_connection),
		cmocka_unit_test(data_beyond_the_window_ends_the_connection),
		cmocka_unit_test(nothing_follows_an_end_of_data),
		cmocka_unit_test(but_requests_and_window_do_follow_it),
		cmocka_unit_test(nothing_at_all_follows_a_close),
		cmocka_unit_test(a_window_cannot_grow_past_its_32_bits),
		cmocka_unit_test(
		    extended_data_to_a_server_is_passed_over_and_counted),
		cmocka_unit_test(
		    messages_that_crossed_our_close_are_passed_over),
		cmocka_unit_test(too_many_questions_stop_the_reading),
		cmocka_unit_test(replies_leave_in_the_order_of_the_requests),
		cmocka_unit_test(
		    a_reply_that_nobody_awaits_ends_the_connection),
		cmocka_unit_test(nor_may_one_be_given_twice),
		cmocka_unit_test(
		    who_does_not_read_the_answers_can_ask_for_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
