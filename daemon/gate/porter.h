/*
 * The porter: where each connection has a gate of its own, one gate accepts
 * them all. It counts them, and sends each to the supervisor, who starts a
 * gate for it; it keeps nothing of the connection but a leash (control.h).
 */
#ifndef SP_GATE_PORTER_H
#define SP_GATE_PORTER_H

#include "daemon/gate/arrival.h"
#include "daemon/gate/crowd.h"

struct gate;
struct porter;

/* NULL without memory. It goes with its process. */
struct porter *porter_new(struct gate *);

/* Takes the socket, closed at once where a limit forbids the connection. */
void porter_welcome(struct porter *, int socket, const struct arrival *);

/* The crowd_remover of those who were sent on, or wait to be. */
void porter_remove(struct crowd_member *, enum crowd_reason);

#endif
