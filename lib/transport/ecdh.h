/* Key exchange by two values (RFC 5656 4, RFC 8731). */
#ifndef SP_TRANSPORT_ECDH_H
#define SP_TRANSPORT_ECDH_H

#include "lib/transport/transport.h"

/* Client: sends KEX_ECDH_INIT; both KEXINITs are known. */
SP_MUST_USE enum sp_status ecdh_send_init(struct transport *);
/* Server: asks for the signature; answered by one of the next two. */
enum sp_status ecdh_receive_init(struct transport *, struct reader *);
SP_MUST_USE enum sp_status
ecdh_signed(struct transport *, struct sp_view signature);
/* Client: verifies, then asks whether the host key is the right one. */
enum sp_status ecdh_receive_reply(struct transport *, struct reader *);

#endif
