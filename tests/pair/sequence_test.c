/*
 * A channel's data, end, close, requests and window in every order there
 * is, up to four of them, to either role and whatever its owner is at:
 * what is taken, what ends the connection, and what the owner hears of it.
 */
#include "lib/limits.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	LENGTH = 4, /* of a sequence */
	DATA_LEN = 4,
	CHANNEL = 0, /* its number on both sides */
};

enum step { DATA, EXTENDED_DATA, END, CLOSE, REQUEST, ADJUST, STEPS };

/* What the owner is at. */
enum mood {
	ATTENTIVE,
	SILENT, /* has ended its own data */
	LEAVING, /* has closed the channel */
	THINKING, /* a request was made before, and is not answered */
	SLOW, /* takes no data */
	HOLDING, /* wants to answer the close himself */
	MOODS,
};

struct course {
	struct pair p;
	enum sp_role victim;
	enum mood mood;

	/* What should be so by now. */
	bool got_end, got_close;
	size_t sent;
	unsigned asked;

	/* What the owner has heard. */
	size_t bytes;
	unsigned requests;
	bool has_ended, is_closing, is_closed;
	sp_token tokens[LENGTH + 1];
	size_t tokens_open;

	/* What the victim has said. */
	bool said_end, said_close;
};

static struct sp_engine *
engine_of(struct course *c)
{
	return pair_engine(&c->p, c->victim);
}

/* ---- the owner ---- */

static void
drain_queues(struct course *c)
{
	for (uint32_t type = 0; type < 2; type++) {
		struct sp_view queue =
		    sp_channel_queue(engine_of(c), CHANNEL, type);
		size_t len = queue.len;

		c->bytes += len;
		sp_channel_consume(engine_of(c), CHANNEL, type, len);
	}
}

static void
take_data(struct course *c, const struct sp_event *event)
{
	size_t len = event->u.channel_data.data.len;

	if (c->mood == SLOW)
		return;
	c->bytes += len;
	sp_channel_took(engine_of(c), CHANNEL, len);
	/* What gathered while he was thinking. */
	if (len == 0)
		drain_queues(c);
}

static void
take_request(struct course *c, const struct sp_event *event)
{
	c->requests++;
	if (c->mood == THINKING)
		c->tokens[c->tokens_open++] = event->token;
	else
		assert_int_equal(
		    sp_channel_answer(engine_of(c), event->token, true), SP_OK);
}

static bool
hear(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct course *c = p->arg;

	if (side != c->victim || event->kind < SP_EVENT_CHANNEL_CONFIRMED ||
	    event->kind > SP_EVENT_CHANNEL_CLOSED)
		return false;
	assert_int_equal(event->channel, CHANNEL);
	assert_false(c->is_closed);
	if (event->kind == SP_EVENT_CHANNEL_DATA) {
		assert_false(c->has_ended);
		take_data(c, event);
	} else if (event->kind == SP_EVENT_CHANNEL_REQUEST) {
		take_request(c, event);
	} else if (event->kind == SP_EVENT_CHANNEL_EOF) {
		assert_false(c->has_ended);
		c->has_ended = true;
	} else if (event->kind == SP_EVENT_CHANNEL_CLOSING) {
		assert_int_equal(c->mood, HOLDING);
		assert_false(c->is_closing);
		c->is_closing = true;
	} else if (event->kind == SP_EVENT_CHANNEL_CLOSED) {
		c->is_closed = true;
	}
	return true;
}

/* ---- the victim's words ---- */

/* Behind its CLOSE it says no more about the channel. */
static void
listen(struct course *c)
{
	struct sp_view payload;

	while (forger_receive(&c->p, c->victim, &payload)) {
		uint8_t number = payload.data[0];

		if (number < SSH_MSG_CHANNEL_WINDOW_ADJUST)
			continue;
		assert_false(c->said_close);
		if (number == SSH_MSG_CHANNEL_EOF) {
			assert_false(c->said_end);
			c->said_end = true;
		}
		c->said_close = number == SSH_MSG_CHANNEL_CLOSE;
	}
}

static void
deliver(struct course *c)
{
	forger_deliver(&c->p, c->victim);
	/* What calls of the owner's have made known. */
	pair_move(&c->p, forger_other(c->victim));
	if (c->p.closed[c->victim] == SP_OK)
		listen(c);
}

/* ---- the peer ---- */

static void
open_channel(struct course *c)
{
	enum sp_role from = forger_other(c->victim);
	uint32_t number;

	if (c->victim == SP_SERVER) {
		forger_say(&c->p, from, "bsuuu", SSH_MSG_CHANNEL_OPEN,
		    "session", CHANNEL, 1000, 1000);
	} else {
		assert_int_equal(sp_channel_open(c->p.client, "session",
				     view_of(NULL, 0), &number),
		    SP_OK);
		assert_int_equal(number, CHANNEL);
		forger_say(&c->p, from, "buuuu",
		    SSH_MSG_CHANNEL_OPEN_CONFIRMATION, CHANNEL, CHANNEL, 1000,
		    1000);
	}
	deliver(c);
}

static void
say(struct course *c, enum step step)
{
	enum sp_role from = forger_other(c->victim);
	struct pair *p = &c->p;

	switch (step) {
	case DATA:
		forger_say(
		    p, from, "bus", SSH_MSG_CHANNEL_DATA, CHANNEL, "data");
		break;
	case EXTENDED_DATA:
		forger_say(p, from, "buus", SSH_MSG_CHANNEL_EXTENDED_DATA,
		    CHANNEL, 1, "data");
		break;
	case END:
		forger_say(p, from, "bu", SSH_MSG_CHANNEL_EOF, CHANNEL);
		break;
	case CLOSE:
		forger_say(p, from, "bu", SSH_MSG_CHANNEL_CLOSE, CHANNEL);
		break;
	case REQUEST:
		forger_say(p, from, "busb", SSH_MSG_CHANNEL_REQUEST, CHANNEL,
		    "any", 1);
		break;
	case ADJUST:
		forger_say(
		    p, from, "buu", SSH_MSG_CHANNEL_WINDOW_ADJUST, CHANNEL, 1);
		break;
	case STEPS:
		break;
	}
}

/* ---- what should come of it ---- */

/* RFC 4254 5.3: a close is the last, and an end the last of data. */
static enum sp_status
expect_step(struct course *c, enum step step)
{
	bool is_data = step == DATA || step == EXTENDED_DATA;
	bool is_heard = c->mood != LEAVING;

	if (c->got_close || (c->got_end && is_data))
		return SP_ERR_CHANNEL;
	if (step == END && c->got_end)
		return SP_ERR_REPEATED_MESSAGE;
	if (step == END)
		c->got_end = true;
	if (step == CLOSE)
		c->got_close = true;
	if (step == REQUEST && is_heard)
		c->asked++;
	/* A server has no use for what a client says on its stderr. */
	if (is_heard &&
	    (step == DATA || (step == EXTENDED_DATA && c->victim == SP_CLIENT)))
		c->sent += DATA_LEN;
	return SP_OK;
}

/* Whether something keeps the channel though its peer has closed it. */
static bool
is_kept(const struct course *c)
{
	bool has_data = c->sent > 0;

	return c->mood == HOLDING ||
	    ((c->mood == SLOW || c->mood == THINKING) && has_data);
}

static void
check_state(const struct course *c)
{
	bool is_told = c->mood != LEAVING;

	assert_int_equal(c->requests, c->asked + (c->mood == THINKING));
	assert_int_equal(c->is_closed, c->got_close && !is_kept(c));
	if (c->mood == SLOW || c->mood == THINKING)
		return;
	assert_int_equal(c->bytes, c->sent);
	assert_int_equal(c->has_ended, is_told && (c->got_end || c->got_close));
	assert_int_equal(c->is_closing, c->mood == HOLDING && c->got_close);
}

/* ---- a course from its start to its end ---- */

static void
start(struct course *c)
{
	struct sp_engine *e = engine_of(c);
	enum sp_status status = SP_OK;

	*c = (struct course){ .p = c->p, .victim = c->victim, .mood = c->mood };
	c->p.hook = hear;
	c->p.arg = c;
	open_channel(c);
	if (c->mood == SILENT)
		status = sp_channel_eof(e, CHANNEL);
	else if (c->mood == LEAVING)
		status = sp_channel_close(e, CHANNEL);
	else if (c->mood == HOLDING)
		status = sp_channel_hold(e, CHANNEL);
	else if (c->mood == THINKING)
		say(c, REQUEST);
	assert_int_equal(status, SP_OK);
	deliver(c);
}

/* All is answered and read, and both sides close. */
static void
finish(struct course *c)
{
	for (size_t i = 0; i < c->tokens_open; i++) {
		enum sp_status status =
		    sp_channel_answer(engine_of(c), c->tokens[i], true);

		assert_int_equal(
		    status, c->is_closed ? SP_ERR_STALE_TOKEN : SP_OK);
	}
	deliver(c);
	if (!c->is_closed)
		drain_queues(c);
	deliver(c);
	if (!c->is_closed && c->mood != LEAVING)
		assert_int_equal(
		    sp_channel_close(engine_of(c), CHANNEL), SP_OK);
	if (!c->got_close)
		say(c, CLOSE);
	deliver(c);
	assert_int_equal(c->p.count[c->victim][SP_EVENT_CLOSED], 0);
	assert_true(c->is_closed);
	assert_true(c->said_close);
	assert_int_equal(c->bytes, c->sent);
	assert_int_equal(c->requests, c->asked + (c->mood == THINKING));
}

static void
bring(struct course *c)
{
	pair_init(&c->p);
	forger_bring(&c->p, c->victim, PHASE_CONNECTION, true);
}

/* How many steps were taken; the connection ends with one that was not. */
static size_t
walk(struct course *c, const enum step *steps)
{
	start(c);
	for (size_t i = 0; i < LENGTH; i++) {
		enum sp_status expected = expect_step(c, steps[i]);

		say(c, steps[i]);
		deliver(c);
		assert_int_equal(c->p.closed[c->victim], expected);
		if (expected != SP_OK) {
			pair_clear(&c->p);
			bring(c);
			return i;
		}
		check_state(c);
	}
	finish(c);
	return LENGTH;
}

/* The next sequence that begins with other steps than those taken. */
static bool
find_next(enum step *steps, size_t taken)
{
	size_t i = taken < LENGTH ? taken : LENGTH - 1;

	for (size_t k = i + 1; k < LENGTH; k++)
		steps[k] = DATA;
	while (++steps[i] == STEPS) {
		steps[i] = DATA;
		if (i-- == 0)
			return false;
	}
	return true;
}

static void
in_every_order(enum mood mood)
{
	for (int role = SP_CLIENT; role <= SP_SERVER; role++) {
		enum step steps[LENGTH] = { DATA, DATA, DATA, DATA };
		struct course c = { .victim = (enum sp_role)role,
			.mood = mood };

		bring(&c);
		while (find_next(steps, walk(&c, steps)))
			continue;
		pair_clear(&c.p);
	}
}

static void
an_attentive_owner_hears_all_in_its_order(void **state)
{
	(void)state;
	in_every_order(ATTENTIVE);
}

static void
so_does_one_that_has_ended_its_own_data(void **state)
{
	(void)state;
	in_every_order(SILENT);
}

static void
one_that_has_closed_hears_of_the_end_alone(void **state)
{
	(void)state;
	in_every_order(LEAVING);
}

static void
one_that_owes_an_answer_hears_the_rest_behind_it(void **state)
{
	(void)state;
	in_every_order(THINKING);
}

static void
one_that_takes_no_data_finds_it_in_the_queue(void **state)
{
	(void)state;
	in_every_order(SLOW);
}

static void
one_that_holds_the_channel_closes_it_himself(void **state)
{
	(void)state;
	in_every_order(HOLDING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attentive_owner_hears_all_in_its_order),
		cmocka_unit_test(so_does_one_that_has_ended_its_own_data),
		cmocka_unit_test(one_that_has_closed_hears_of_the_end_alone),
		cmocka_unit_test(
		    one_that_owes_an_answer_hears_the_rest_behind_it),
		cmocka_unit_test(one_that_takes_no_data_finds_it_in_the_queue),
		cmocka_unit_test(one_that_holds_the_channel_closes_it_himself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
