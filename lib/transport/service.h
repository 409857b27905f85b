/* Asking for the service that runs on the transport (RFC 4253 10). */
#ifndef SP_TRANSPORT_SERVICE_H
#define SP_TRANSPORT_SERVICE_H

#include "lib/transport/transport.h"

/* Client: asks for ssh-userauth, after the first key exchange. */
SP_MUST_USE enum sp_status service_send_request(struct transport *);

enum sp_status service_receive_request(struct transport *, struct reader *);
enum sp_status service_receive_accept(struct transport *, struct reader *);

#endif
