/* What channels share, and their waiting for it. */
#include "modules/sftp/limiter.h"

#include "modules/sftp/bucket.h"
#include "modules/sftp/transfer.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

/* Less often is enough, and moves more at once. */
enum { STEP_MS = 20 };

struct limiter_flow {
	const void *key;
	struct bucket buckets[LIMITER_WAYS];
	LIST_ENTRY(limiter_flow) link;
};

/* Of this process, which is one session. */
static LIST_HEAD(, limiter_flow) flows = LIST_HEAD_INITIALIZER(flows);

static struct limiter_flow *
find_flow(const void *key, const uint64_t rates[LIMITER_WAYS])
{
	struct limiter_flow *flow;

	LIST_FOREACH(flow, &flows, link)
	{
		if (flow->key == key)
			return flow;
	}
	flow = calloc(1, sizeof *flow);
	if (flow == NULL)
		return NULL;
	flow->key = key;
	for (size_t i = 0; i < LIMITER_WAYS; i++)
		bucket_init(&flow->buckets[i], rates[i], transfer_clock());
	LIST_INSERT_HEAD(&flows, flow, link);
	return flow;
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct limiter *l = arg;

	(void)fd;
	(void)what;
	sp_chan_resume(l->chan);
}

bool
limiter_init(struct limiter *l, struct sp_chan *chan, const void *key,
    const uint64_t rates[LIMITER_WAYS])
{
	*l = (struct limiter){ .chan = chan };
	if (rates[LIMITER_UP] == 0 && rates[LIMITER_DOWN] == 0)
		return true;
	for (size_t i = 0; i < LIMITER_WAYS; i++)
		l->timers[i] = evtimer_new(sp_chan_base(chan), on_time, l);
	l->flow = find_flow(key, rates);
	if (l->timers[LIMITER_UP] != NULL && l->timers[LIMITER_DOWN] != NULL &&
	    l->flow != NULL)
		return true;
	limiter_clear(l);
	return false;
}

/* Who opens channel after channel has what is left, and no more. */
void
limiter_clear(struct limiter *l)
{
	for (size_t i = 0; i < LIMITER_WAYS; i++)
		if (l->timers[i] != NULL)
			event_free(l->timers[i]);
	*l = (struct limiter){ .chan = l->chan };
}

size_t
limiter_room(struct limiter *l, enum limiter_way way)
{
	struct timeval time;
	uint64_t wait;

	if (l->flow == NULL)
		return SIZE_MAX;
	wait = bucket_wait(&l->flow->buckets[way], transfer_clock());
	if (wait == 0)
		return bucket_room(&l->flow->buckets[way], transfer_clock());
	if (wait < STEP_MS)
		wait = STEP_MS;
	time = (struct timeval){
		.tv_sec = (time_t)(wait / 1000),
		.tv_usec = (suseconds_t)(wait % 1000) * 1000,
	};
	evtimer_add(l->timers[way], &time);
	return 0;
}

void
limiter_take(struct limiter *l, enum limiter_way way, uint64_t len)
{
	if (l->flow != NULL)
		bucket_take(&l->flow->buckets[way], len);
}
