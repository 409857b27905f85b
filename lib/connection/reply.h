/*
 * Replies that must leave in the order of the requests (RFC 4254 4, 5.4),
 * whatever the order of the answers.
 */
#ifndef SP_CONNECTION_REPLY_H
#define SP_CONNECTION_REPLY_H

#include "lib/limits.h"
#include "lib/transport/transport.h"

enum reply_state { REPLY_OPEN, REPLY_SUCCESS, REPLY_FAILURE };

struct reply {
	sp_token token;
	enum reply_state state;
	struct buffer data; /* behind REQUEST_SUCCESS */
};

struct reply_queue {
	struct reply replies[LIMIT_QUESTIONS];
	size_t first;
	size_t count;
};

static inline bool
reply_is_full(const struct reply_queue *q)
{
	return q->count == LIMIT_QUESTIONS;
}

/* Another question at the end; the queue is not full. */
void reply_ask(struct reply_queue *, sp_token);
/* Answers one; SP_ERR_STALE_TOKEN when it is not open here. */
SP_MUST_USE enum sp_status
reply_answer(struct reply_queue *, sp_token, bool success, struct sp_view data);
/* The first one if it is answered, to be sent and dropped; else NULL. */
struct reply *reply_next(struct reply_queue *);
void reply_drop(struct reply_queue *);
void reply_clear(struct reply_queue *);

#endif
