/*
 * A neighbour: a process beside the gate (keyholder, login, ledger) behind one
 * socket. What cannot be sent yet, because its queue is full or because it
 * died and its successor is not there yet, waits; sources take turns.
 */
#ifndef SP_GATE_NEIGHBOUR_H
#define SP_GATE_NEIGHBOUR_H

#include "daemon/gate/rota.h"
#include "daemon/ipc/ipc.h"

struct event_base;
struct neighbour;

/* What came of sending something. */
enum errand_outcome {
	ERRAND_DONE, /* whatever came of it; it may be sent again */
	ERRAND_AGAIN, /* there was no room: it waits for a moment */
	ERRAND_HELD, /* it waits for neighbour_go_on() */
	ERRAND_UNHEARD, /* the neighbour is gone: it waits for the next */
};
/* Of what ipc_send() said. */
enum errand_outcome neighbour_outcome(enum sp_status);

/* A message to be sent; embedded in what it is about. */
struct errand {
	enum errand_outcome (*send)(struct errand *, int socket);
	bool is_slow; /* these wait for each other, and others not for them */
	struct rota_entry place; /* its source is set by who sends it */
};

struct neighbour_owner {
	/* A message that its row allows; the descriptors are the owner's. */
	void (*message)(void *arg, struct ipc_message *);
};

/* Without a socket at first. NULL without memory. */
struct neighbour *neighbour_new(struct event_base *, enum ipc_role,
    const struct neighbour_owner *, void *arg);
/* NULL is allowed. */
void neighbour_free(struct neighbour *);

/* Takes the socket to a new generation, in place of the old. */
void neighbour_replace(struct neighbour *, int socket);
/* Hangs up: what it said is no longer believed. */
void neighbour_hang_up(struct neighbour *, const char *reason);

/* False between two generations. */
bool neighbour_is_there(const struct neighbour *);
/* Grows with each socket that was lost: who died since knows nothing. */
uint64_t neighbour_losses(const struct neighbour *);

/* Sends at once, or when its turn has come. */
void neighbour_send(struct neighbour *, struct errand *);
/* What had to be sent later may be sent now. */
void neighbour_go_on(struct neighbour *);
/*
 * Sends at once or not at all: for what nobody waits for, and is lost where
 * there is no room or no neighbour.
 */
void neighbour_tell(struct neighbour *, enum ipc_type, struct sp_view body);
/* Does nothing for what does not wait. */
void neighbour_cancel(struct neighbour *, struct errand *);

#endif
