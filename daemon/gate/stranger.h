/*
 * A stranger: one connection from its acceptance to the hand-over, or to
 * its end. It frees itself.
 */
#ifndef SP_GATE_STRANGER_H
#define SP_GATE_STRANGER_H

#include "daemon/gate/arrival.h"
#include "daemon/gate/crowd.h"

struct gate;

/*
 * Takes the socket (non-blocking), closed at once where a limit forbids
 * the connection.
 */
void stranger_welcome(struct gate *, int socket, const struct arrival *);

/* The crowd_remover of strangers. */
void stranger_remove(struct crowd_member *, enum crowd_reason);

#endif
