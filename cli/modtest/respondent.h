/*
 * Who answers what a module asks, in place of a gate and the client behind
 * it: a thread at the other end of the talk, so that the module's questions
 * go the way they go in a login.
 */
#ifndef SP_MODTEST_RESPONDENT_H
#define SP_MODTEST_RESPONDENT_H

#include "cli/modtest/answer.h"
#include "daemon/config/arena.h"

#include <pthread.h>

struct respondent {
	int talk; /* the login's end */
	int own;
	const struct string_list *answers; /* borrowed */
	size_t given; /* how many of them */
	struct answer heard; /* "asked: Code: ", "told: ..." */
	pthread_t thread;
};

/*
 * Answers with these, one a question, and gives up where there is none
 * left. False where there is no room for a thread.
 */
SP_MUST_USE bool
respondent_start(struct respondent *, const struct string_list *answers);

/* Hangs up; what was asked and told is added to the answer, if not NULL. */
void respondent_stop(struct respondent *, struct answer *);

#endif
