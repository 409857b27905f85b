/*
 * Acceptors: the listening sockets, and the strangers that come in by
 * them. All of them stop together and go on together.
 */
#ifndef SP_GATE_ACCEPTOR_H
#define SP_GATE_ACCEPTOR_H

#include <sallyport/types.h>

struct acceptors;
struct gate;

/* None yet. NULL without memory. */
struct acceptors *acceptors_new(struct gate *);
/* NULL is allowed. */
void acceptors_free(struct acceptors *);

/*
 * Takes a listening socket and copies its name. False without memory, with
 * too many of them, or for one that the settings do not have: the socket is
 * still the caller's.
 */
bool acceptors_add(struct acceptors *, int socket, struct sp_view name);

/* Nobody is let in before; does nothing the second time. */
void acceptors_open(struct acceptors *);
/* For good: the sockets are closed, their names stay. */
void acceptors_close(struct acceptors *);

#endif
