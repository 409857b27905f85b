/* PING and PONG (OpenSSH's PROTOCOL 1.9), the extension of that name. */
#ifndef SP_TRANSPORT_PING_H
#define SP_TRANSPORT_PING_H

#include "lib/transport/transport.h"

/* SP_ERR_STATE unless the peer has said that it answers. */
SP_MUST_USE enum sp_status ping_send(struct transport *, struct sp_view data);

enum sp_status ping_receive(struct transport *, struct reader *);
enum sp_status ping_receive_pong(struct transport *, struct reader *);

#endif
