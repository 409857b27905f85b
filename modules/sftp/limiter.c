/* What sessions share, and a channel's waiting for it. */
#include "modules/sftp/limiter.h"

#include <event2/event.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

/* Less often is enough, and moves more at once. */
enum { STEP_MS = 20 };

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A number each way, of this group's. */
static uint64_t *
find_numbers(struct sp_chan *chan)
{
	char key[256];
	int len = snprintf(
	    key, sizeof key, "sftp limits of %s", sp_chan_get(chan, "handler"));
	uint64_t *numbers = NULL;

	if (len > 0 && (size_t)len < sizeof key)
		numbers = sp_chan_counters(chan, key, (size_t)len);
	if (numbers == NULL)
		sp_log(LOG_ERR, "limits_unknown",
		    "limit_up and limit_down cannot be kept: there is no room "
		    "for what sessions of an identity share");
	return numbers;
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
limiter_init(
    struct limiter *l, struct sp_chan *chan, const uint64_t rates[LIMITER_WAYS])
{
	uint64_t *numbers;

	*l = (struct limiter){ .chan = chan };
	if (rates[LIMITER_UP] == 0 && rates[LIMITER_DOWN] == 0)
		return true;
	numbers = find_numbers(chan);
	for (size_t i = 0; i < LIMITER_WAYS && numbers != NULL; i++) {
		l->buckets[i] = (struct bucket){ rates[i], &numbers[i] };
		l->timers[i] = evtimer_new(sp_chan_base(chan), on_time, l);
	}
	if (l->timers[LIMITER_UP] != NULL && l->timers[LIMITER_DOWN] != NULL)
		return true;
	limiter_clear(l);
	return false;
}

void
limiter_clear(struct limiter *l)
{
	for (size_t i = 0; i < LIMITER_WAYS; i++)
		if (l->timers[i] != NULL)
			event_free(l->timers[i]);
	*l = (struct limiter){ .chan = l->chan };
}

/* Another session may take it before: then it waits again. */
size_t
limiter_room(struct limiter *l, enum limiter_way way)
{
	const struct bucket *bucket = &l->buckets[way];
	uint64_t now, wait_ms;
	struct timeval time;
	size_t room;

	if (bucket->rate == 0)
		return SIZE_MAX;
	now = now_ns();
	room = bucket_room(bucket, now);
	if (room > 0)
		return room;
	wait_ms = bucket_wait(bucket, now) / 1000000;
	if (wait_ms < STEP_MS)
		wait_ms = STEP_MS;
	time = (struct timeval){
		.tv_sec = (time_t)(wait_ms / 1000),
		.tv_usec = (suseconds_t)(wait_ms % 1000) * 1000,
	};
	evtimer_add(l->timers[way], &time);
	return 0;
}

void
limiter_take(struct limiter *l, enum limiter_way way, uint64_t len)
{
	if (l->buckets[way].rate != 0)
		bucket_take(&l->buckets[way], len, now_ns());
}
