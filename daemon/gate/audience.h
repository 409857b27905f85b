/*
 * An audience: what a stranger's authentication requests are to the login
 * that hears them. The first starts a login of his own, by a talk (a pair
 * of sockets) whose other end goes there with the stranger's socket and
 * his ticket; all others go through the talk. A login program that dies
 * before anything was answered may have looked at nothing yet: the next is
 * asked. The ticket is good once, so that leads nowhere where it had.
 */
#ifndef SP_GATE_AUDIENCE_H
#define SP_GATE_AUDIENCE_H

#include "daemon/gate/neighbour.h"
#include "daemon/ipc/authentication.h"

#include <sallyport/engine.h>

struct audience;

/* Each answers the last request; may end the audience. */
struct audience_owner {
	/* methods can continue; or the connection ends. */
	void (*failed)(void *arg, const struct authentication_failure *failure);
	void (*key_ok)(void *arg);
	/* No answer yet: the client is to be asked. */
	void (*prompt)(void *arg, const struct authentication_prompts *);
	/* The password is to be changed. */
	void (*change)(void *arg, struct sp_view prompt);
	void (*accepted)(void *arg);
	/* Not an answer, but a text before one. */
	void (*banner)(void *arg, struct sp_view text);
	/* No more answers: the login is gone, or breaks the rules. */
	void (*ended)(void *arg, const char *reason);
};

/* Who asks for it; what it points to is borrowed. */
struct audience_stranger {
	uint64_t connection;
	struct cidr_address address;
	struct claim claim; /* of a proxy, about that */
	int socket;
	const struct buffer *ticket;
};

/* NULL without memory. */
struct audience *audience_new(struct event_base *, struct neighbour *login,
    const struct audience_stranger *, const struct audience_owner *, void *arg);
/* Ends the login too, unless it was given the export. NULL is allowed. */
void audience_free(struct audience *);

/*
 * Passes on an SP_EVENT_AUTH_REQUEST, borrowed until it is answered. One
 * at a time. A request that cannot be sent at all ends the audience.
 */
void audience_ask(struct audience *, const struct sp_event *);

/*
 * After prompt(): passes on the SP_EVENT_AUTH_RESPONSE, to be answered as a
 * request is; or says that there will be none.
 */
void audience_respond(struct audience *, const struct sp_event *);
void audience_abort(struct audience *);

/*
 * The client's time is over: his login is told, unless it is what he waits
 * for. Then the audience is to be freed.
 */
void audience_end_late(struct audience *);

/* The last message, after accepted(): the connection itself. */
SP_MUST_USE enum sp_status
audience_hand_over(struct audience *, struct sp_view export);

#endif
