/*
 * Introductions: connections from a proxy, from their acceptance until its
 * header has said whose they are. Where each connection has a gate of its own
 * this is the porter's business: it must know whom to count before it has a
 * gate started, and reads what his proxy says, but no byte of his.
 */
#ifndef SP_GATE_INTRODUCTION_H
#define SP_GATE_INTRODUCTION_H

#include "daemon/gate/arrival.h"

/* So many wait at once: a proxy that is well sends its header first thing. */
enum { INTRODUCTIONS_MAX = 1024 };

struct gate;
struct introductions;

/*
 * Takes the socket, from which the header and no more was read. False while
 * there is nobody to answer him: it is asked again.
 */
typedef bool
introduction_done(struct gate *, int socket, const struct arrival *);

/* NULL without memory. */
struct introductions *introductions_new(struct gate *, introduction_done *);
/* NULL is allowed. */
void introductions_free(struct introductions *);

/*
 * Takes the socket (non-blocking) of a proxy that is trusted, closed where
 * its header does not come, in the time a login may take, or makes no sense.
 */
void introductions_add(struct introductions *, int socket,
    const struct cidr_endpoint *proxy, const char *listener);

#endif
