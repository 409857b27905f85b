/* Requests about the connection as a whole (RFC 4254 4). */
#ifndef SP_CONNECTION_GLOBAL_H
#define SP_CONNECTION_GLOBAL_H

#include "lib/connection/connection.h"
#include "lib/connection/form.h"

/* SP_ERR_ARGUMENT when a reply is wanted to what has none. */
SP_MUST_USE enum sp_status global_send(struct connection *, const struct form *,
    const void *values, bool want_reply);
SP_MUST_USE enum sp_status
global_answer(struct connection *, sp_token, bool success, struct sp_view data);

enum sp_status global_receive_request(struct connection *, struct reader *);
enum sp_status global_receive_success(struct connection *, struct reader *);
enum sp_status global_receive_failure(struct connection *, struct reader *);

#endif
