/* Where forwarding may go, as sshd(8) has it in `permitopen` and the like. */
#ifndef SP_SESSION_TARGETLIST_H
#define SP_SESSION_TARGETLIST_H

#include <sallyport/types.h>

/*
 * "host:port host:port ...": a port is 1 to 65535 or "*", an IPv6 address
 * stands in brackets. Anything else is no list, and none is empty: what
 * cannot be read allows nothing.
 */
bool targetlist_is_good(const char *);

/* The number of a tunnel's device, or "any". */
bool targetlist_is_device(const char *);

#endif
