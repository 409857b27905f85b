/* The verdict on one authentication request, and the log line about it. */
#ifndef SP_LOGIN_JUDGEMENT_H
#define SP_LOGIN_JUDGEMENT_H

#include "daemon/login/attempt.h"

/*
 * True when the strings of a request are fit to be used and shown: no
 * control characters, a user and a service that are there, and none too
 * long.
 */
bool judgement_is_plain(const struct authentication_request *);

/*
 * Verifies the proof, asks the modules and logs the outcome. The request
 * is plain, its user the candidate.
 */
enum accept_outcome
judgement_of(struct attempt *, const struct authentication_request *);

/*
 * Whether somebody could be let in by the method "none" now; to all others
 * it is a question.
 */
bool judgement_hears_none(struct attempt *);

/*
 * The groups that were asked are told how it ended; what they had is wiped.
 * Of who is accepted one may go on: the group of this place in `auth`, or
 * SETTINGS_NONE.
 */
void judgement_end(struct attempt *, bool accepted, size_t but);
/* The same for one of them. */
void judgement_end_one(struct attempt *, bool accepted, size_t auth);

/*
 * What a group's module is called between: it says what it says in this
 * group's name, and has its memory. False when it cannot be attached.
 */
SP_MUST_USE bool judgement_speak_to(struct attempt *, size_t auth);
void judgement_speak_to_none(struct attempt *);

/* Writes the methods that can continue, a name-list, into room. */
void judgement_methods(struct attempt *, char *room, size_t size);

#endif
