/*
 * Group exchange (RFC 4419): the client says what size it would have, the
 * server answers with a group, and then two values follow as in any other
 * method (kexvalue.h). A server has the groups of its owner, or those of
 * RFC 3526; a client takes any that dh_group_init() lets through.
 */
#ifndef SP_TRANSPORT_GROUPEXCHANGE_H
#define SP_TRANSPORT_GROUPEXCHANGE_H

#include "lib/transport/transport.h"

/* Client: asks for a group. */
SP_MUST_USE enum sp_status groupexchange_send_request(struct transport *);
/* Server: answers with one. */
enum sp_status
groupexchange_receive_request(struct transport *, struct reader *);
/* Client: goes on in it. */
enum sp_status groupexchange_receive_group(struct transport *, struct reader *);

#endif
