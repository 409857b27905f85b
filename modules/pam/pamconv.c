/* Questions of PAM's, asked or answered. */
#include "modules/pam/pamconv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts above the questions of one round; a longer one is cut. */
enum { TEXT_SIZE = 4000 };

/* One round: the texts, and the questions with a place for each answer. */
struct round {
	char text[TEXT_SIZE];
	struct sp_question questions[PAM_MAX_NUM_MSG];
	size_t count;
};

static void
add_text(struct round *round, const char *text)
{
	size_t len = strlen(round->text);

	snprintf(round->text + len, sizeof round->text - len, "%s%s",
	    len > 0 ? "\n" : "", text);
}

/* Nobody may guess from what the compiler leaves out. */
static void
wipe(char *text, size_t size)
{
	volatile char *byte = text;

	while (size-- > 0)
		*byte++ = '\0';
}

static void
drop_answers(struct pam_response *answers, int count)
{
	for (int i = 0; i < count; i++) {
		if (answers[i].resp == NULL)
			continue;
		wipe(answers[i].resp, PAM_MAX_RESP_SIZE);
		free(answers[i].resp);
	}
	free(answers);
}

static bool
has_word(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

/*
 * Which of the two is asked for is only said in words; they are those of
 * the C locale, since nobody here has set another.
 */
static const char *
choose(struct pamconv *c, const char *text)
{
	if (c->is_changing) {
		if (has_word(text, "new"))
			return c->new_password;
		if (has_word(text, "current") || has_word(text, "old"))
			return c->password;
		return NULL;
	}
	if (c->is_given)
		return NULL;
	c->is_given = true;
	return c->password;
}

static bool
answer_alone(struct pamconv *c, const struct round *round)
{
	for (size_t i = 0; i < round->count; i++) {
		const struct sp_question *q = &round->questions[i];
		const char *answer = q->echo ? NULL : choose(c, q->text);

		if (answer == NULL || strlen(answer) >= q->size)
			return false;
		memcpy(q->answer, answer, strlen(answer) + 1);
	}
	return true;
}

static bool
ask(struct pamconv *c, struct round *round)
{
	bool is_alone = c->password != NULL;
	bool has_text = round->text[0] != '\0';

	/* A text that there is no room for is no reason to refuse. */
	if (is_alone && has_text)
		sp_tell(c->login, round->text);
	if (is_alone)
		return answer_alone(c, round);
	if (round->count == 0)
		return !has_text || sp_tell(c->login, round->text) ||
		    c->is_session;
	return !c->is_session &&
	    sp_ask(c->login, NULL, round->text, round->questions, round->count);
}

/* Takes a message up; false for what no client can be asked. */
static bool
take(struct round *round, const struct pam_message *message,
    struct pam_response *answer)
{
	switch (message->msg_style) {
	case PAM_TEXT_INFO:
	case PAM_ERROR_MSG:
		if (message->msg[0] != '\0')
			add_text(round, message->msg);
		return true;
	case PAM_PROMPT_ECHO_ON:
	case PAM_PROMPT_ECHO_OFF:
		answer->resp = calloc(1, PAM_MAX_RESP_SIZE);
		round->questions[round->count++] = (struct sp_question){
			.text = message->msg,
			.echo = message->msg_style == PAM_PROMPT_ECHO_ON,
			.answer = answer->resp,
			.size = PAM_MAX_RESP_SIZE,
		};
		return answer->resp != NULL;
	default:
		return false;
	}
}

int
pamconv_hold(int count, const struct pam_message **messages,
    struct pam_response **given, void *arg)
{
	struct pamconv *c = arg;
	struct pam_response *answers;
	struct round *round;
	bool is_held = true;

	if (count <= 0 || count > PAM_MAX_NUM_MSG || c->has_failed)
		return PAM_CONV_ERR;
	answers = calloc((size_t)count, sizeof *answers);
	round = calloc(1, sizeof *round);
	if (answers == NULL || round == NULL) {
		free(answers);
		free(round);
		return PAM_BUF_ERR;
	}
	for (int i = 0; i < count && is_held; i++)
		is_held = take(round, messages[i], &answers[i]);
	is_held = is_held && ask(c, round);
	free(round);
	if (!is_held) {
		c->has_failed = true;
		drop_answers(answers, count);
		return PAM_CONV_ERR;
	}
	*given = answers;
	return PAM_SUCCESS;
}
