/*
 * The interview of a client about one request: what a module asks him and
 * tells him, by way of his gate. What he types is wiped here once it was
 * handed on.
 */
#ifndef SP_LOGIN_INTERVIEW_H
#define SP_LOGIN_INTERVIEW_H

#include "daemon/ipc/authentication.h"
#include "daemon/login/progress.h"

#include <time.h>

enum interview_state {
	INTERVIEW_OPEN,
	INTERVIEW_SPOILT, /* a question has no answer: the request fails */
	INTERVIEW_ABORTED, /* the client asks for something else instead */
	INTERVIEW_OVER, /* there is nobody to talk to any more */
};

struct interview {
	int talk; /* to the gate */
	uint64_t deadline; /* ms, CLOCK_MONOTONIC */
	struct progress_place *progress; /* or NULL */
	uint32_t stage; /* what the login is busy with while it does not wait */
	/* When what is to be answered came: its owner's, then its own. */
	struct timespec since;
	enum interview_state state;
	bool can_ask; /* the request is answered with prompts */
	/* Whoever it is cannot be let in: modules get none of his answers. */
	bool is_decoy;
	unsigned texts; /* that were shown above no prompt */
	bool is_late; /* OVER: his time went by, while he was waited for */
	/* OVER: what the gate is to be told, if reason is not NULL. */
	enum authentication_ending ending;
	const char *reason;
};

/* About the next request; whether it can be answered with prompts. */
void interview_begin(struct interview *, bool can_ask);

/*
 * The gate's next message; false at the end of the talk or of time, or
 * when it may not be sent: then it is over.
 */
SP_MUST_USE bool
interview_receive(struct interview *, uint8_t *room, struct ipc_message *);
/* The gate said what it may not: it is over. Always false. */
bool interview_breach(struct interview *);

/* A text before the answer. False when it is too long, or the gate gone. */
bool interview_show(int talk, struct sp_view text);

/*
 * What takes the place of a secret that nobody may be let in by: as long,
 * and no password there is. An empty one gets a character, if it fits.
 */
void interview_disguise(char *text, size_t size);

#endif
