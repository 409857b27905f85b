/*
 * The service's side: logins at their sockets, each with one question at a
 * time, and whoever answers behind (a program, a server). Nobody waits for
 * another login: a question that is not answered in its time has failed.
 */
#ifndef SP_ASKING_CLERK_H
#define SP_ASKING_CLERK_H

#include "modules/asking/verdict.h"

#include <poll.h>

enum { CLERK_REASON_SIZE = 256 };

/* One login. */
struct clerk_case {
	int socket; /* -1: it is free */
	enum { CASE_IDLE, CASE_WAITING, CASE_ASKED, CASE_TALKING } state;
	uint64_t number; /* the login's, of its question */
	uint64_t id; /* ours */
	uint64_t order; /* who came before whom */
	uint64_t deadline; /* ms */
	char *question; /* JSON; wiped when it is done with */
	size_t len;
	char user[64]; /* for the log */
	bool goes_on; /* the client's answer, to who asked for it */
	void *owner; /* the answerer's own; it outlives a prompt */
	uint64_t owner_mark; /* the same */
};

struct clerk;

/* Who answers. */
struct clerk_answerer {
	void *arg;
	/* Takes a question, or has no room now (false). */
	bool (*begin)(void *arg, struct clerk_case *);
	/* The question that was begun is nobody's any more: time or login. */
	void (*drop)(void *arg, struct clerk_case *, bool is_late);
	/* Adds what it waits for, at most 64; how many. */
	size_t (*watch)(void *arg, struct pollfd *);
	int (*wait)(void *arg, struct pollfd *, size_t count, int ms);
	/* What it watched has happened, or time has passed. */
	void (*serve)(void *arg, const struct pollfd *, size_t count);
	/* When it wants serve() at the latest; UINT64_MAX: never. */
	uint64_t (*next)(void *arg);
};

/* Serves until nobody comes any more. fd and the result are service()'s. */
int clerk_run(
    int fd, uint64_t timeout, const struct clerk_answerer *, struct clerk **);

/*
 * The answer, as it came. What it is; VERDICT_NONE with a phrase in problem,
 * and then clerk_fail() comes next. If wanted the packet for the login is
 * left in *copy.
 */
enum verdict_kind clerk_answer(struct clerk *, struct clerk_case *,
    struct sp_view text, char problem[VERDICT_PROBLEM_SIZE], struct slip *copy);

/* The same from memory: pairs, without a number. */
void
clerk_answer_again(struct clerk *, struct clerk_case *, struct sp_view pairs);

/*
 * Who answers would not hear of it, which is an answer: a line, and SP_DENY.
 */
void clerk_refuse(struct clerk *, struct clerk_case *, const char *reason);

/* It was not answered: the one line about it, and SP_FAIL for the login. */
void clerk_fail(struct clerk *, struct clerk_case *, const char *reason);

uint64_t clerk_now(void); /* ms, monotonic */

#endif
