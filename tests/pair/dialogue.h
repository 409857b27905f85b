/*
 * A client and a server that talk about who the client is: each question
 * is left open for the test to answer, and what is said is noted.
 */
#ifndef SP_TESTS_DIALOGUE_H
#define SP_TESTS_DIALOGUE_H

#include "tests/pair/pair.h"

/* What is open, and what was said. */
struct dialogue {
	sp_token token; /* the server's open question */
	sp_token prompt; /* the client's */
	char heard[256]; /* what came, one after the other */
	char methods[64]; /* of the last failure */
	bool partial_success;
};

/* Starts the pair, up to where the client may send a request. */
void dialogue_start(struct pair *, struct dialogue *);
/* What was heard since the last time, by either side. */
void dialogue_expect(struct pair *, const char *heard);
/* The client is let in. Clears the pair. */
void dialogue_check_in(struct pair *);

/* The client's: a password, and a new one (NULL: none). */
void dialogue_password(struct pair *, const char *password, const char *fresh);
void dialogue_begin_prompts(struct pair *);
void dialogue_answer(struct pair *, const char *one, const char *two);

/* The server's: the text, and "again". */
void dialogue_prompt(struct pair *, const char *text, bool echo);
void dialogue_refuse(struct pair *, const char *methods, bool partial_success);

#endif
