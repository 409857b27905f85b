/* Who answers a module's questions: what he was asked, and what he says. */
#include "cli/modtest/respondent.h"

#include "daemon/login/interview.h"
#include "daemon/login/login.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = { "blue", "" };
static const struct string_list answers = { words, 2 };

static struct respondent respondent;
static struct interview interview;
static struct sp_login login;
static struct answer answer;

static int
begin(void **state)
{
	(void)state;
	if (!respondent_start(&respondent, &answers))
		return -1;
	interview = (struct interview){
		.talk = respondent.talk,
		.deadline = UINT64_MAX,
	};
	login = (struct sp_login){ .interview = &interview };
	interview_begin(&interview, true);
	answer_init(&answer);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	answer_clear(&answer);
	return 0;
}

/* Hangs up, and looks at all that was heard. */
static void
assert_heard(const char *wanted)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	respondent_stop(&respondent, &answer);
	answer_print(&answer, out);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void
each_question_has_its_answer(void **state)
{
	char first[16], second[16];
	struct sp_question questions[] = {
		{ .text = "Colour: ", .answer = first, .size = sizeof first },
		{ .text = "Name: ",
		    .echo = true,
		    .answer = second,
		    .size = sizeof second },
	};

	(void)state;
	assert_true(sp_ask(&login, "A quiz", "One\ntwo", questions, 2));
	assert_string_equal(first, "blue");
	assert_string_equal(second, "");
	assert_heard("heading: A quiz\ntold: One\ntold: two\n"
		     "asked: Colour: \nasked aloud: Name: \n");
}

static void
who_has_no_answer_left_gives_up(void **state)
{
	char room[16];
	struct sp_question question = {
		.text = "Word: ", .answer = room, .size = sizeof room
	};

	(void)state;
	assert_true(sp_ask(&login, NULL, NULL, &question, 1));
	assert_true(sp_ask(&login, NULL, NULL, &question, 1));
	assert_false(sp_ask(&login, NULL, NULL, &question, 1));
	assert_int_equal(interview.state, INTERVIEW_ABORTED);
	assert_heard("asked: Word: \nasked: Word: \nasked: Word: \n"
		     "unanswered\n");
}

static void
texts_are_heard_above_prompts_and_without(void **state)
{
	(void)state;
	assert_true(sp_tell(&login, "above"));
	interview_begin(&interview, false);
	assert_true(sp_tell(&login, "one\ntwo"));
	assert_heard("told: above\ntold: one\ntold: two\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_question_has_its_answer, begin, end),
		cmocka_unit_test_setup_teardown(
		    who_has_no_answer_left_gives_up, begin, end),
		cmocka_unit_test_setup_teardown(
		    texts_are_heard_above_prompts_and_without, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
