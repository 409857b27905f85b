/* The name of the listener that a connection came by. */
#ifndef SP_LOGIN_LISTENER_H
#define SP_LOGIN_LISTENER_H

#include "daemon/config/entrance.h"

/*
 * The one of `server.listen`, as it is written there, that fits the
 * connection's own address best; that address itself, in room, where none
 * does.
 */
const char *listener_of(const struct listener_list *,
    const struct cidr_endpoint *local, char room[CIDR_TEXT_SIZE]);

#endif
