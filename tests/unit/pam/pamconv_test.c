/* PAM's questions; the test is the client that they are passed on to. */
#include "modules/pam/pamconv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the client was asked, and told; what he answers. */
static char asked[4096];
static char told[4096];
static bool is_gone;

bool
sp_ask(struct sp_login *login, const char *name, const char *instruction,
    struct sp_question *questions, size_t count)
{
	assert_null(login);
	assert_null(name);
	snprintf(asked, sizeof asked, "%s|", instruction);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(asked);

		snprintf(asked + len, sizeof asked - len, "%s%c",
		    questions[i].text, questions[i].echo ? '+' : '-');
		snprintf(
		    questions[i].answer, questions[i].size, "answer %zu", i);
	}
	return !is_gone;
}

bool
sp_tell(struct sp_login *login, const char *text)
{
	assert_null(login);
	snprintf(told, sizeof told, "%s", text);
	return !is_gone;
}

struct line {
	int style;
	const char *text;
};

/* Holds a conversation of some lines; the answers are the caller's. */
static int
hold(struct pamconv *c, const struct line *lines, int count,
    struct pam_response **answers)
{
	struct pam_message messages[PAM_MAX_NUM_MSG + 1];
	const struct pam_message *list[PAM_MAX_NUM_MSG + 1];

	for (int i = 0; i < count; i++) {
		messages[i].msg_style = lines[i].style;
		messages[i].msg = lines[i].text;
		list[i] = &messages[i];
	}
	asked[0] = told[0] = '\0';
	*answers = NULL;
	return pamconv_hold(count, list, answers, c);
}

static void
drop(struct pam_response *answers, int count)
{
	for (int i = 0; i < count; i++)
		free(answers[i].resp);
	free(answers);
}

/* One question that hides what is typed; its answer, or NULL. */
static const char *
answer_to(struct pamconv *c, const char *text)
{
	const struct line line = { PAM_PROMPT_ECHO_OFF, text };
	struct pam_response *answers;
	static char answer[PAM_MAX_RESP_SIZE];

	if (hold(c, &line, 1, &answers) != PAM_SUCCESS)
		return NULL;
	snprintf(answer, sizeof answer, "%s", answers[0].resp);
	drop(answers, 1);
	return answer;
}

static void
a_round_is_asked_as_one_with_its_texts_above(void **state)
{
	static const struct line lines[] = {
		{ PAM_TEXT_INFO, "Welcome." },
		{ PAM_PROMPT_ECHO_ON, "Name: " },
		{ PAM_ERROR_MSG, "Beware." },
		{ PAM_PROMPT_ECHO_OFF, "Code: " },
	};
	struct pamconv c = { .login = NULL };
	struct pam_response *answers;

	(void)state;
	assert_int_equal(hold(&c, lines, 4, &answers), PAM_SUCCESS);
	assert_string_equal(asked, "Welcome.\nBeware.|Name: +Code: -");
	assert_null(answers[0].resp);
	assert_string_equal(answers[1].resp, "answer 0");
	assert_null(answers[2].resp);
	assert_string_equal(answers[3].resp, "answer 1");
	drop(answers, 4);
}

static void
a_text_alone_is_told_and_an_empty_one_is_not(void **state)
{
	static const struct line lines[] = { { PAM_TEXT_INFO, "Touch it." },
		{ PAM_TEXT_INFO, "" } };
	struct pamconv c = { .login = NULL };
	struct pam_response *answers;

	(void)state;
	assert_int_equal(hold(&c, lines, 1, &answers), PAM_SUCCESS);
	drop(answers, 1);
	assert_string_equal(told, "Touch it.");
	assert_int_equal(hold(&c, lines + 1, 1, &answers), PAM_SUCCESS);
	drop(answers, 1);
	assert_string_equal(told, "");
	assert_string_equal(asked, "");
}

static void
a_client_who_is_gone_ends_it_for_good(void **state)
{
	struct pamconv c = { .login = NULL };

	(void)state;
	is_gone = true;
	assert_null(answer_to(&c, "Code: "));
	is_gone = false;
	assert_true(c.has_failed);
	assert_null(answer_to(&c, "Code: "));
}

static void
a_password_answers_the_first_hidden_question_alone(void **state)
{
	static const struct line open = { PAM_PROMPT_ECHO_ON, "Name: " };
	struct pamconv c = { .password = "secret" };
	struct pam_response *answers;

	(void)state;
	assert_string_equal(answer_to(&c, "Password: "), "secret");
	assert_string_equal(asked, "");
	assert_null(answer_to(&c, "Code: "));
	c = (struct pamconv){ .password = "secret" };
	assert_int_equal(hold(&c, &open, 1, &answers), PAM_CONV_ERR);
	assert_string_equal(asked, "");
}

static void
texts_are_told_beside_a_password_even_if_they_cannot_be(void **state)
{
	static const struct line lines[] = { { PAM_TEXT_INFO, "Welcome." },
		{ PAM_PROMPT_ECHO_OFF, "Password: " } };
	struct pamconv c = { .password = "secret" };
	struct pam_response *answers;

	(void)state;
	is_gone = true;
	assert_int_equal(hold(&c, lines, 2, &answers), PAM_SUCCESS);
	is_gone = false;
	assert_string_equal(told, "Welcome.");
	assert_string_equal(answers[1].resp, "secret");
	drop(answers, 2);
}

static void
nobody_is_asked_while_a_session_is_opened(void **state)
{
	static const struct line line = { PAM_TEXT_INFO, "Welcome." };
	struct pamconv c = { .is_session = true };
	struct pam_response *answers;

	(void)state;
	assert_int_equal(hold(&c, &line, 1, &answers), PAM_SUCCESS);
	drop(answers, 1);
	assert_string_equal(told, "Welcome.");
	is_gone = true;
	assert_int_equal(hold(&c, &line, 1, &answers), PAM_SUCCESS);
	drop(answers, 1);
	is_gone = false;
	assert_null(answer_to(&c, "Code: "));
	assert_string_equal(asked, "");
	assert_true(c.has_failed);
}

/* As pam_unix, pam_krb5, pam_ldap and pam_pwquality put it. */
static void
old_and_new_passwords_are_told_apart_by_their_words(void **state)
{
	static const struct {
		const char *text;
		const char *answer;
	} rows[] = {
		{ "Current password: ", "old one" },
		{ "(current) LDAP Password: ", "old one" },
		{ "Current Kerberos password: ", "old one" },
		{ "Old password: ", "old one" },
		{ "New password: ", "fresh one" },
		{ "Retype new password: ", "fresh one" },
		{ "Enter new UNIX password: ", "fresh one" },
		{ "Re-enter new Password: ", "fresh one" },
		{ "Password: ", NULL },
		{ "Verification code: ", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pamconv c = {
			.password = "old one",
			.new_password = "fresh one",
			.is_changing = true,
			.is_given = true,
		};
		const char *answer = answer_to(&c, rows[i].text);

		if (rows[i].answer == NULL)
			assert_null(answer);
		else
			assert_string_equal(answer, rows[i].answer);
	}
}

static void
without_a_new_one_nothing_is_changed(void **state)
{
	struct pamconv c = { .password = "old", .is_changing = true };

	(void)state;
	assert_null(answer_to(&c, "New password: "));
}

static void
a_password_that_pam_has_no_room_for_is_no_answer(void **state)
{
	static char text[PAM_MAX_RESP_SIZE + 1];
	struct pamconv c = { .password = text };

	(void)state;
	memset(text, 'x', PAM_MAX_RESP_SIZE);
	assert_null(answer_to(&c, "Password: "));
	text[PAM_MAX_RESP_SIZE - 1] = '\0';
	c = (struct pamconv){ .password = text };
	assert_string_equal(answer_to(&c, "Password: "), text);
}

static void
what_no_client_can_be_asked_is_an_error(void **state)
{
	static const struct line binary = { 7, "\1\2" }; /* BINARY_PROMPT */
	static struct line many[PAM_MAX_NUM_MSG + 1];
	struct pamconv c = { .login = NULL };
	struct pam_response *answers;

	(void)state;
	for (size_t i = 0; i <= PAM_MAX_NUM_MSG; i++)
		many[i] = (struct line){ PAM_PROMPT_ECHO_OFF, "?" };
	assert_int_equal(
	    hold(&c, many, PAM_MAX_NUM_MSG + 1, &answers), PAM_CONV_ERR);
	assert_int_equal(hold(&c, many, 0, &answers), PAM_CONV_ERR);
	assert_int_equal(
	    hold(&c, many, PAM_MAX_NUM_MSG, &answers), PAM_SUCCESS);
	drop(answers, PAM_MAX_NUM_MSG);
	assert_int_equal(hold(&c, &binary, 1, &answers), PAM_CONV_ERR);
	assert_true(c.has_failed);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_round_is_asked_as_one_with_its_texts_above),
		cmocka_unit_test(a_text_alone_is_told_and_an_empty_one_is_not),
		cmocka_unit_test(a_client_who_is_gone_ends_it_for_good),
		cmocka_unit_test(
		    a_password_answers_the_first_hidden_question_alone),
		cmocka_unit_test(
		    texts_are_told_beside_a_password_even_if_they_cannot_be),
		cmocka_unit_test(
		    old_and_new_passwords_are_told_apart_by_their_words),
		cmocka_unit_test(nobody_is_asked_while_a_session_is_opened),
		cmocka_unit_test(without_a_new_one_nothing_is_changed),
		cmocka_unit_test(
		    a_password_that_pam_has_no_room_for_is_no_answer),
		cmocka_unit_test(what_no_client_can_be_asked_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
