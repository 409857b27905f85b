/*
 * Key exchange by two values (RFC 4253 8, RFC 5656 4): whatever they are,
 * their messages are the same.
 */
#ifndef SP_TRANSPORT_KEXVALUE_H
#define SP_TRANSPORT_KEXVALUE_H

#include "lib/transport/transport.h"

/* Client: sends KEX_ECDH_INIT; both KEXINITs are known. */
SP_MUST_USE enum sp_status kexvalue_send_init(struct transport *);
/* Server: asks for the signature; answered by one of the next two. */
enum sp_status kexvalue_receive_init(struct transport *, struct reader *);
SP_MUST_USE enum sp_status
kexvalue_signed(struct transport *, struct sp_view signature);
/* Client: verifies, then asks whether the host key is the right one. */
enum sp_status kexvalue_receive_reply(struct transport *, struct reader *);

#endif
