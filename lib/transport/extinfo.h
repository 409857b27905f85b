/* Extension negotiation (RFC 8308). */
#ifndef SP_TRANSPORT_EXTINFO_H
#define SP_TRANSPORT_EXTINFO_H

#include "lib/transport/transport.h"

/* Server: says which signature algorithms users may prove themselves with. */
SP_MUST_USE enum sp_status extinfo_send(struct transport *);
enum sp_status extinfo_receive(struct transport *, struct reader *);

#endif
