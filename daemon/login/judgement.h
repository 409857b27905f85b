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

/* Writes the methods that can continue, a name-list, into room. */
void judgement_methods(struct attempt *, char *room, size_t size);

#endif
