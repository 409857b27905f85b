/*
 * The two descriptors that come with a stranger's first request. A gate
 * sends them, so what they are is asked of the kernel.
 */
#ifndef SP_LOGIN_DESCRIPTOR_H
#define SP_LOGIN_DESCRIPTOR_H

#include "daemon/config/cidr.h"

#include <sys/types.h>

/*
 * A connected stream of IPv4 or IPv6, and who is at its two ends. False,
 * with both untouched, when it is anything else.
 */
SP_MUST_USE bool descriptor_check_client(
    int fd, struct cidr_endpoint *peer, struct cidr_endpoint *local);

/* One end of a SOCK_SEQPACKET pair that this process made. */
SP_MUST_USE bool descriptor_check_talk(int fd, pid_t maker);

#endif
