/* Channels (RFC 4254 5): opening, data within windows, closing. */
#ifndef SP_CONNECTION_CHANNEL_H
#define SP_CONNECTION_CHANNEL_H

#include "lib/connection/form.h"
#include "lib/connection/reply.h"

struct connection;

enum channel_state {
	CHANNEL_ASKED, /* the peer wants it, our owner has not said */
	CHANNEL_WANTED, /* we want it, the peer has not said */
	CHANNEL_OPEN,
	CHANNEL_GONE, /* closed from both sides, our owner does not know yet */
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
	uint32_t known; /* of window: what the peer surely knows of */
	bool
	    is_dry; /* it has used that up, at dry_at, and nothing came since */
	bool ran_dry; /* it had to wait for more */
	uint64_t dry_at;
	bool got_eof;
	bool got_close;
	struct buffer queues[CHANNEL_QUEUES];

	/* what our owner is to be told, once no request is open */
	bool has_gathered[CHANNEL_QUEUES]; /* data, while one was */
	bool has_ended; /* EOF */
	bool is_closing; /* the peer's close, of a held one */

	struct reply_queue replies; /* to the peer's requests */
	uint32_t awaited; /* our requests without a reply yet */
};

/* By our number; NULL when there is none. */
struct channel *channel_find(struct connection *, uint32_t number);

/* For a message on a channel that must be open; SP_ERR_CHANNEL if not. */
SP_MUST_USE enum sp_status
channel_read_number(struct connection *, struct reader *, struct channel **);

SP_MUST_USE enum sp_status channel_send_open(struct connection *,
    const struct form *, const void *values, uint32_t *number);
SP_MUST_USE enum sp_status channel_accept(struct connection *, sp_token);
SP_MUST_USE enum sp_status channel_refuse(
    struct connection *, sp_token, uint32_t reason, const char *description);
SP_MUST_USE enum sp_status
channel_send_eof(struct connection *, struct channel *);
/* For the owner, who wants to hear no more of it but that it is gone. */
SP_MUST_USE enum sp_status
channel_send_close(struct connection *, struct channel *);
/* Frees it and everything that waits in it. */
void channel_free(struct connection *, struct channel *);
/*
 * Raises the next thing its owner is to be told; false when there is none
 * now. A channel that is gone is freed with its last event.
 */
bool channel_raise(struct connection *, struct channel *);
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
