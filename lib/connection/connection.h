/*
 * The connection protocol of one connection (RFC 4254): its channels and
 * what is asked about all of them. Both roles.
 */
#ifndef SP_CONNECTION_CONNECTION_H
#define SP_CONNECTION_CONNECTION_H

#include "lib/connection/channel.h"
#include "lib/connection/reply.h"
#include "lib/transport/transport.h"

struct connection {
	struct transport *transport; /* borrowed */
	struct channel **channels; /* by our number; NULL where free */
	uint32_t max_channels;
	uint32_t window_initial;
	uint32_t window_max;

	/* The view of the last data event: what of it was not used yet. */
	struct channel *pending;
	unsigned pending_queue;
	struct sp_view pending_data;

	/* Packets being built by the owner; NULL when there are none. */
	struct channel *reserved;
	uint32_t reserved_type;
	size_t reserved_len;
	uint8_t *reserved_room; /* where they begin */

	bool has_news; /* a channel may have something to raise */

	struct reply_queue global_replies;
	uint32_t global_awaited; /* our requests the peer has not answered */
};

/* 0 where the default is meant. */
SP_MUST_USE enum sp_status
connection_new(struct transport *, uint32_t max_channels,
    uint32_t window_initial, uint32_t window_max, struct connection **);
void connection_free(struct connection *);

/* One packet by its row. */
enum sp_status connection_receive(
    struct connection *, const struct message *, struct reader *);

/*
 * Begins every call but a commit: keeps what of the last data event was
 * not used, whose view goes away, and gives up what was reserved.
 */
SP_MUST_USE enum sp_status connection_settle(struct connection *);

/* False while as many questions are open as may be. */
bool connection_can_receive(const struct connection *);

/* Raises the next of what channels have to say; false when none has. */
bool connection_raise(struct connection *);

void connection_relax(struct connection *);

#endif
