/*
 * How fast files come and go, in all sessions of an identity that one group
 * of the configuration serves.
 */
#ifndef SP_SFTP_LIMITER_H
#define SP_SFTP_LIMITER_H

#include "modules/sftp/bucket.h"

#include <sallyport/module.h>

struct event;

enum limiter_way { LIMITER_UP, LIMITER_DOWN, LIMITER_WAYS };

/* A channel's part. */
struct limiter {
	struct sp_chan *chan;
	struct bucket buckets[LIMITER_WAYS];
	struct event *timers[LIMITER_WAYS]; /* NULL: no limit */
};

/*
 * Rates are bytes a second, 0 is no limit. False without memory, and where
 * nothing can be shared (sp_chan_counters()).
 */
SP_MUST_USE bool limiter_init(
    struct limiter *, struct sp_chan *, const uint64_t rates[LIMITER_WAYS]);
void limiter_clear(struct limiter *);

/*
 * How many bytes may go now; SIZE_MAX without a limit. Where there are none
 * the channel is resumed when there are.
 */
size_t limiter_room(struct limiter *, enum limiter_way);
void limiter_take(struct limiter *, enum limiter_way, uint64_t len);

#endif
