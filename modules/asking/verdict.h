/*
 * The question as JSON, and the answer of whoever was asked, checked and
 * made into a packet for the login. What is not understood is no answer.
 */
#ifndef SP_ASKING_VERDICT_H
#define SP_ASKING_VERDICT_H

#include "modules/asking/slip.h"

enum {
	VERDICT_QUESTION_SIZE = 2 * SLIP_SIZE,
	VERDICT_ANSWER_MAX = 16384, /* bytes of an answer */
	VERDICT_PROBLEM_SIZE = 128,
};

/*
 * {"v":1,"id":7,"ask":"check",...}, a newline behind; its length, or 0 where
 * that cannot be said in JSON.
 */
SP_MUST_USE size_t verdict_ask(
    const struct slip_reader *, uint64_t id, char room[VERDICT_QUESTION_SIZE]);

enum verdict_kind {
	VERDICT_NONE, /* it cannot be taken as an answer */
	VERDICT_YES, /* "allow", "more" */
	VERDICT_NO, /* "deny", "next" */
	VERDICT_FAIL, /* who was asked says that he does not know */
	VERDICT_PROMPT, /* he has a question for the client */
};

/*
 * Reads the answer to the question of this id into a packet with that
 * number; VERDICT_NONE with a phrase in problem.
 */
SP_MUST_USE enum verdict_kind verdict_read(struct sp_view text, uint64_t id,
    struct slip *, uint64_t number, char problem[VERDICT_PROBLEM_SIZE]);

#endif
