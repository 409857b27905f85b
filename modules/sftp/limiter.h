/*
 * How fast files come and go, in all channels of a session that one group
 * of the configuration serves. A session is a process of its own.
 */
#ifndef SP_SFTP_LIMITER_H
#define SP_SFTP_LIMITER_H

#include <sallyport/module.h>

struct event;
struct limiter_flow;

enum limiter_way { LIMITER_UP, LIMITER_DOWN, LIMITER_WAYS };

/* A channel's part. */
struct limiter {
	struct sp_chan *chan;
	struct limiter_flow *flow; /* NULL: no limit */
	struct event *timers[LIMITER_WAYS];
};

/*
 * Those with the same key share what may go; rates are bytes a second, 0
 * is no limit. False without memory.
 */
SP_MUST_USE bool limiter_init(struct limiter *, struct sp_chan *,
    const void *key, const uint64_t rates[LIMITER_WAYS]);
void limiter_clear(struct limiter *);

/*
 * How many bytes may go now; SIZE_MAX without a limit. Where there are none
 * the channel is resumed when there are.
 */
size_t limiter_room(struct limiter *, enum limiter_way);
void limiter_take(struct limiter *, enum limiter_way, uint64_t len);

#endif
