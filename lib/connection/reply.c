/* A ring of questions, answered in any order, taken off in their own. */
#include "lib/connection/reply.h"

#include <assert.h>

static struct reply *
reply_at(struct reply_queue *q, size_t i)
{
	return &q->replies[(q->first + i) % LIMIT_QUESTIONS];
}

void
reply_ask(struct reply_queue *q, sp_token token)
{
	struct reply *reply = reply_at(q, q->count);

	assert(!reply_is_full(q));
	q->count++;
	*reply = (struct reply){ .token = token, .state = REPLY_OPEN };
	buffer_init(&reply->data, LIMIT_CHANNEL_PACKET);
}

enum sp_status
reply_answer(
    struct reply_queue *q, sp_token token, bool success, struct sp_view data)
{
	for (size_t i = 0; i < q->count; i++) {
		struct reply *reply = reply_at(q, i);
		enum sp_status status;

		if (reply->token != token || reply->state != REPLY_OPEN)
			continue;
		status = buffer_append(&reply->data, data);
		if (status == SP_OK)
			reply->state = success ? REPLY_SUCCESS : REPLY_FAILURE;
		return status;
	}
	return SP_ERR_STALE_TOKEN;
}

struct reply *
reply_next(struct reply_queue *q)
{
	struct reply *reply = reply_at(q, 0);

	return q->count > 0 && reply->state != REPLY_OPEN ? reply : NULL;
}

void
reply_drop(struct reply_queue *q)
{
	assert(q->count > 0);
	buffer_clear(&reply_at(q, 0)->data);
	q->first = (q->first + 1) % LIMIT_QUESTIONS;
	q->count--;
}

void
reply_clear(struct reply_queue *q)
{
	while (q->count > 0)
		reply_drop(q);
}
