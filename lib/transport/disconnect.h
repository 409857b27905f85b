/* SSH_MSG_DISCONNECT (RFC 4253 11.1). */
#ifndef SP_TRANSPORT_DISCONNECT_H
#define SP_TRANSPORT_DISCONNECT_H

#include "lib/transport/transport.h"

SP_MUST_USE enum sp_status
disconnect_send(struct transport *, uint32_t reason, const char *description);
enum sp_status disconnect_receive(struct transport *, struct reader *);

#endif
