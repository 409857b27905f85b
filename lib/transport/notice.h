/* IGNORE, UNIMPLEMENTED and DEBUG (RFC 4253 11.2 to 11.4). */
#ifndef SP_TRANSPORT_NOTICE_H
#define SP_TRANSPORT_NOTICE_H

#include "lib/transport/transport.h"

enum sp_status notice_receive_ignore(struct transport *, struct reader *);
enum sp_status
notice_receive_unimplemented(struct transport *, struct reader *);
enum sp_status notice_receive_debug(struct transport *, struct reader *);

/* Answers a packet whose number means nothing to us. */
SP_MUST_USE enum sp_status
notice_send_unimplemented(struct transport *, uint32_t sequence);

#endif
