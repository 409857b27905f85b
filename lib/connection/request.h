/* Requests about one channel (RFC 4254 5.4). */
#ifndef SP_CONNECTION_REQUEST_H
#define SP_CONNECTION_REQUEST_H

#include "lib/connection/connection.h"
#include "lib/connection/form.h"

/* SP_ERR_ARGUMENT when a reply is wanted to what has none. */
SP_MUST_USE enum sp_status request_send(struct connection *, struct channel *,
    const struct form *, const void *values, bool want_reply);
/* An answer to the question with this token, on whatever channel. */
SP_MUST_USE enum sp_status
request_answer(struct connection *, sp_token, bool success);

enum sp_status request_receive(struct connection *, struct reader *);
enum sp_status request_receive_success(struct connection *, struct reader *);
enum sp_status request_receive_failure(struct connection *, struct reader *);

#endif
