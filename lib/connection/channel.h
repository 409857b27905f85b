/* Channels (RFC 4254 5): opening, data within windows, closing. */
#ifndef SP_CONNECTION_CHANNEL_H
#define SP_CONNECTION_CHANNEL_H

#include "lib/connection/reply.h"

struct connection;

enum channel_state {
	CHANNEL_ASKED, /* the peer wants it, our owner has not said */
	CHANNEL_WANTED, /* we want it, the peer has not said */
	CHANNEL_OPEN,
};

/* Data and extended data wait apart. */
enum { CHANNEL_QUEUES = 2 };

struct channel {
	uint32_t number; /* ours */
	uint32_t peer_number; /* theirs */
	enum channel_state state;
	sp_token token; /* of the open question, while it is ASKED */

	/* what we may send */
	uint32_t peer_window;
	uint32_t peer_packet;
	bool wants_window; /* the owner found it closed */
	bool is_held; /* its owner answers the peer's close */
	bool sent_eof;
	bool sent_close;

	/* what the peer may send */
	uint32_t window; /* bytes left of what we allowed */
	uint32_t window_size; /* what we allow in all; grows with need */
	uint32_t credit; /* used by the owner, not given back yet */
	bool ran_dry; /* the peer had to wait for window */
	bool got_eof;
	bool got_close;
	struct buffer queues[CHANNEL_QUEUES];

	struct reply_queue replies; /* to the peer's requests */
	uint32_t awaited; /* our requests without a reply yet */
};

/* By our number; NULL when there is none. */
struct channel *channel_find(struct connection *, uint32_t number);

/* For a message on a channel that must be open; SP_ERR_CHANNEL if not. */
SP_MUST_USE enum sp_status
channel_read_number(struct connection *, struct reader *, struct channel **);

SP_MUST_USE enum sp_status channel_send_open(struct connection *,
    const char *type, struct sp_view data, uint32_t *number);
SP_MUST_USE enum sp_status channel_accept(struct connection *, sp_token);
SP_MUST_USE enum sp_status channel_refuse(
    struct connection *, sp_token, uint32_t reason, const char *description);
SP_MUST_USE enum sp_status
channel_send_eof(struct connection *, struct channel *);
/* The channel may be gone when this returns. */
SP_MUST_USE enum sp_status
channel_send_close(struct connection *, struct channel *);
/* Frees it and everything that waits in it. */
void channel_free(struct connection *, struct channel *);
/* The peer closed it and its queues are empty: lets it go. */
SP_MUST_USE enum sp_status
channel_end_if_drained(struct connection *, struct channel *);

enum sp_status channel_receive_open(struct connection *, struct reader *);
enum sp_status
channel_receive_open_confirmation(struct connection *, struct reader *);
enum sp_status
channel_receive_open_failure(struct connection *, struct reader *);
enum sp_status channel_receive_eof(struct connection *, struct reader *);
enum sp_status channel_receive_close(struct connection *, struct reader *);

#endif
