/* Data on channels and the windows that bound it (RFC 4254 5.2). */
#ifndef SP_CONNECTION_FLOW_H
#define SP_CONNECTION_FLOW_H

#include "lib/connection/connection.h"

enum sp_status flow_receive_window_adjust(struct connection *, struct reader *);
enum sp_status flow_receive_data(struct connection *, struct reader *);
enum sp_status flow_receive_extended_data(struct connection *, struct reader *);

/* The owner used len bytes: gives window back in large steps. */
SP_MUST_USE enum sp_status
flow_credit(struct connection *, struct channel *, size_t len);

/* sp_channel_reserve() and sp_channel_commit(). */
SP_MUST_USE enum sp_status flow_reserve(struct connection *, struct channel *,
    uint32_t type, size_t want, struct iovec *iov, size_t *count);
SP_MUST_USE enum sp_status flow_commit(struct connection *, size_t len);

#endif
