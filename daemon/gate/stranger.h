/*
 * A stranger: one connection from its acceptance to the hand-over, or to
 * its end. It frees itself.
 */
#ifndef SP_GATE_STRANGER_H
#define SP_GATE_STRANGER_H

#include "daemon/gate/crowd.h"

struct gate;

/*
 * Takes the socket (non-blocking), closed at once where a limit forbids
 * the connection. listener is borrowed for as long as the gate lives.
 */
void stranger_welcome(struct gate *, int socket, const struct cidr_endpoint *,
    const char *listener);

/* The crowd_remover of strangers. */
void stranger_remove(struct crowd_member *, enum crowd_reason);

#endif
