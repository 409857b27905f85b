/* Questions of modules; the test is the gate, and answers beforehand. */
#include "daemon/login/interview.h"

#include "daemon/ipc/ipc.h"
#include "daemon/login/login.h"
#include "lib/wire/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	struct interview interview;
	struct sp_login login;
	int gate;
	char answers[2][32];
	struct sp_question questions[2];
};

static uint8_t room[IPC_ROOM];

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
init(struct scene *s)
{
	int pair[2];

	assert_true(ipc_pair(pair));
	*s = (struct scene){ .gate = pair[0] };
	s->interview.talk = pair[1];
	s->interview.deadline = now_ms() + 200;
	s->login.interview = &s->interview;
	interview_begin(&s->interview, true);
	for (size_t i = 0; i < 2; i++)
		s->questions[i] = (struct sp_question){
			.text = i == 0 ? "Name: " : "Code: ",
			.echo = i == 0,
			.answer = s->answers[i],
			.size = sizeof s->answers[i],
		};
}

static void
clear(struct scene *s)
{
	close(s->gate);
	close(s->interview.talk);
}

static void
respond(
    struct scene *s, size_t count, struct sp_view first, struct sp_view second)
{
	const struct authentication_responses responses = {
		.is_complete = true,
		.count = count,
		.responses = { first, second },
	};
	struct buffer body;

	buffer_init(&body, IPC_BODY_MAX);
	assert_int_equal(
	    authentication_responses_encode(&responses, &body), SP_OK);
	assert_int_equal(
	    ipc_send(s->gate, IPC_AUTH_RESPONSE, buffer_view(&body), NULL, 0),
	    SP_OK);
	buffer_clear(&body);
}

static bool
ask(struct scene *s)
{
	return sp_ask(&s->login, "Title", "Text", s->questions, 2);
}

static void
what_is_asked_and_answered_arrives(void **state)
{
	struct authentication_prompts prompts;
	struct ipc_message message;
	struct scene s;

	(void)state;
	init(&s);
	respond(&s, 2, view_of_string("alice"), view_of_string("12 34"));
	assert_true(ask(&s));
	assert_string_equal(s.answers[0], "alice");
	assert_string_equal(s.answers[1], "12 34");
	assert_int_equal(s.interview.state, INTERVIEW_OPEN);
	assert_int_equal(
	    ipc_receive(s.gate, IPC_ROLE_LOGIN, IPC_ROLE_GATE, room, &message),
	    SP_OK);
	assert_int_equal(message.type, IPC_AUTH_PROMPT);
	assert_int_equal(
	    authentication_prompts_decode(message.body, &prompts), SP_OK);
	assert_true(view_equal_string(prompts.name, "Title"));
	assert_true(view_equal_string(prompts.instruction, "Text"));
	assert_int_equal(prompts.count, 2);
	assert_true(prompts.prompts[0].echo);
	assert_false(prompts.prompts[1].echo);
	clear(&s);
}

static void
an_answer_that_is_no_string_or_too_long_spoils_all(void **state)
{
	static const struct sp_view bad[] = {
		{ (const uint8_t *)"a\0b", 3 },
		{ (const uint8_t *)"0123456789012345678901234567890123", 32 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene s;

		init(&s);
		respond(&s, 2, view_of_string("secret"), bad[i]);
		assert_false(ask(&s));
		assert_int_equal(s.interview.state, INTERVIEW_SPOILT);
		/* What was right is not left behind. */
		assert_string_equal(s.answers[0], "");
		/* And nothing more is asked. */
		respond(&s, 2, view_of_string("a"), view_of_string("b"));
		assert_false(ask(&s));
		assert_false(sp_tell(&s.login, "text"));
		clear(&s);
	}
}

static void
another_number_of_answers_is_a_breach(void **state)
{
	struct scene s;

	(void)state;
	for (size_t count = 0; count < 2; count++) {
		init(&s);
		respond(&s, count, view_of_string("a"), view_of_string("b"));
		assert_false(ask(&s));
		assert_int_equal(s.interview.state, INTERVIEW_OVER);
		assert_int_equal(s.interview.ending, AUTHENTICATION_BREACH);
		clear(&s);
	}
}

static void
a_client_who_asks_for_something_else_aborts_it(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	assert_int_equal(
	    ipc_send(s.gate, IPC_AUTH_ABORTED, view_of(NULL, 0), NULL, 0),
	    SP_OK);
	assert_false(ask(&s));
	assert_int_equal(s.interview.state, INTERVIEW_ABORTED);
	clear(&s);
}

static void
a_request_in_place_of_an_answer_is_a_breach(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	assert_int_equal(
	    ipc_send(s.gate, IPC_AUTH_REQUEST, view_of(NULL, 0), NULL, 0),
	    SP_OK);
	assert_false(ask(&s));
	assert_int_equal(s.interview.state, INTERVIEW_OVER);
	assert_non_null(s.interview.reason);
	clear(&s);
}

static void
a_gate_that_is_gone_and_time_that_is_over_end_it(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	assert_false(ask(&s));
	assert_int_equal(s.interview.state, INTERVIEW_OVER);
	assert_int_equal(s.interview.ending, AUTHENTICATION_CLOSED);
	clear(&s);
	init(&s);
	close(s.gate);
	assert_false(ask(&s));
	assert_int_not_equal(s.interview.state, INTERVIEW_OPEN);
	close(s.interview.talk);
}

/* How it ended is held against him, so these are told apart. */
static void
a_gate_says_whether_it_was_the_time_that_went_by(void **state)
{
	struct ipc_message message;
	struct scene s;

	(void)state;
	init(&s);
	assert_int_equal(
	    ipc_send(s.gate, IPC_AUTH_LATE, view_of(NULL, 0), NULL, 0), SP_OK);
	assert_false(ask(&s));
	assert_int_equal(s.interview.state, INTERVIEW_OVER);
	assert_true(s.interview.is_late);
	/* Nobody is left to be told. */
	assert_null(s.interview.reason);
	clear(&s);
	init(&s);
	assert_false(interview_receive(&s.interview, room, &message));
	assert_true(s.interview.is_late);
	assert_non_null(s.interview.reason);
	clear(&s);
	init(&s);
	close(s.gate);
	assert_false(interview_receive(&s.interview, room, &message));
	assert_false(s.interview.is_late);
	close(s.interview.talk);
}

static void
questions_have_their_number_and_length(void **state)
{
	static struct sp_question many[LIMIT_PROMPTS + 1];
	static char text[LIMIT_PROMPT + 2];
	struct scene s;

	(void)state;
	init(&s);
	assert_false(sp_ask(&s.login, NULL, NULL, many, LIMIT_PROMPTS + 1));
	assert_int_equal(s.interview.state, INTERVIEW_SPOILT);
	clear(&s);
	init(&s);
	memset(text, 'x', sizeof text - 1);
	assert_false(sp_ask(&s.login, NULL, text, NULL, 0));
	assert_int_equal(s.interview.state, INTERVIEW_SPOILT);
	clear(&s);
}

static void
only_a_method_with_prompts_can_ask(void **state)
{
	struct ipc_message message;
	struct scene s;

	(void)state;
	init(&s);
	interview_begin(&s.interview, false);
	assert_false(ask(&s));
	assert_int_equal(s.interview.state, INTERVIEW_OPEN);
	assert_int_equal(
	    ipc_receive(s.gate, IPC_ROLE_LOGIN, IPC_ROLE_GATE, room, &message),
	    SP_ERR_AGAIN);
	clear(&s);
}

static void
a_text_is_a_round_without_prompts_or_else_a_banner(void **state)
{
	struct authentication_prompts prompts;
	struct authentication_banner banner;
	struct ipc_message message;
	struct scene s;

	(void)state;
	init(&s);
	respond(&s, 0, view_of(NULL, 0), view_of(NULL, 0));
	assert_true(sp_tell(&s.login, "Touch it."));
	assert_int_equal(
	    ipc_receive(s.gate, IPC_ROLE_LOGIN, IPC_ROLE_GATE, room, &message),
	    SP_OK);
	assert_int_equal(
	    authentication_prompts_decode(message.body, &prompts), SP_OK);
	assert_true(view_equal_string(prompts.instruction, "Touch it."));
	assert_int_equal(prompts.count, 0);
	interview_begin(&s.interview, false);
	assert_true(sp_tell(&s.login, "Two\nlines\r\n\nand one"));
	assert_int_equal(
	    ipc_receive(s.gate, IPC_ROLE_LOGIN, IPC_ROLE_GATE, room, &message),
	    SP_OK);
	assert_int_equal(message.type, IPC_AUTH_BANNER);
	assert_int_equal(
	    authentication_banner_decode(message.body, &banner), SP_OK);
	assert_true(
	    view_equal_string(banner.text, "Two\r\nlines\r\n\r\nand one\r\n"));
	clear(&s);
}

/* A gate ends the connection of a login that sends it 17. */
static void
there_are_not_too_many_texts(void **state)
{
	struct scene s;
	int shown = 0;

	(void)state;
	init(&s);
	for (int i = 0; i < 40; i++) {
		interview_begin(&s.interview, false);
		shown += sp_tell(&s.login, "text");
	}
	assert_in_range(shown, 4, 14);
	clear(&s);
}

static void
what_a_decoy_answers_never_reaches_a_module(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	s.interview.is_decoy = true;
	respond(&s, 2, view_of_string("the right one"), view_of_string(""));
	assert_true(ask(&s));
	assert_int_equal(strlen(s.answers[0]), 13);
	assert_string_not_equal(s.answers[0], "the right one");
	assert_string_not_equal(s.answers[1], "");
	clear(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_and_answered_arrives),
		cmocka_unit_test(
		    an_answer_that_is_no_string_or_too_long_spoils_all),
		cmocka_unit_test(another_number_of_answers_is_a_breach),
		cmocka_unit_test(
		    a_client_who_asks_for_something_else_aborts_it),
		cmocka_unit_test(a_request_in_place_of_an_answer_is_a_breach),
		cmocka_unit_test(
		    a_gate_that_is_gone_and_time_that_is_over_end_it),
		cmocka_unit_test(
		    a_gate_says_whether_it_was_the_time_that_went_by),
		cmocka_unit_test(questions_have_their_number_and_length),
		cmocka_unit_test(only_a_method_with_prompts_can_ask),
		cmocka_unit_test(
		    a_text_is_a_round_without_prompts_or_else_a_banner),
		cmocka_unit_test(there_are_not_too_many_texts),
		cmocka_unit_test(what_a_decoy_answers_never_reaches_a_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
