/*
 * Steering: a source always meets the same gate, so that what is counted
 * per source is counted in one place. An IPv4 source is its address, an
 * IPv6 source its /64.
 */
#ifndef SP_SUPERVISOR_STEERING_H
#define SP_SUPERVISOR_STEERING_H

#include <sallyport/types.h>

/*
 * For the whole SO_REUSEPORT group of a listening socket, whose members
 * count in the order in which they began to listen. False with errno set
 * where the system cannot: then the kernel spreads connections.
 */
SP_MUST_USE bool steering_attach(int socket, uint32_t gates);

#endif
