/* The generic cell rate algorithm, with bytes for cells. */
#include "modules/sftp/bucket.h"

#define SECOND 1000000000ULL

/* No more can be owed: so nothing overflows, whatever the number says. */
static const uint64_t burst = SECOND / 4, debt_max = 3600 * SECOND;

static uint64_t
lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How long so many bytes take, begun nanoseconds counted. */
static uint64_t
time_of(const struct bucket *b, uint64_t len)
{
	uint64_t most = (UINT64_MAX - b->rate) / SECOND;

	return lesser(
	    (lesser(len, most) * SECOND + b->rate - 1) / b->rate, debt_max);
}

/* How long it is until all is paid, by what the number says. */
static uint64_t
owed(uint64_t due, uint64_t now)
{
	return due > now ? lesser(due - now, debt_max) : 0;
}

/* What must be free for one byte, where a burst is less. */
static uint64_t
allowed(const struct bucket *b)
{
	uint64_t byte = time_of(b, 1);

	return byte > burst ? byte : burst;
}

static uint64_t
owed_now(const struct bucket *b, uint64_t now)
{
	return owed(__atomic_load_n(b->due, __ATOMIC_RELAXED), now);
}

size_t
bucket_room(const struct bucket *b, uint64_t now)
{
	uint64_t left, rest;

	if (b->rate == 0)
		return SIZE_MAX;
	left = owed_now(b, now);
	if (left > allowed(b) || allowed(b) - left < time_of(b, 1))
		return 0;
	rest = allowed(b) - left;
	/* Seconds first: rates are large, and the rest of one is small. */
	return (size_t)(rest / SECOND * b->rate +
	    (b->rate / SECOND) * (rest % SECOND) +
	    (b->rate % SECOND) * (rest % SECOND) / SECOND);
}

void
bucket_take(const struct bucket *b, uint64_t len, uint64_t now)
{
	uint64_t due, next;

	if (b->rate == 0 || len == 0)
		return;
	due = __atomic_load_n(b->due, __ATOMIC_RELAXED);
	do {
		next = now + lesser(owed(due, now) + time_of(b, len), debt_max);
	} while (!__atomic_compare_exchange_n(
	    b->due, &due, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

uint64_t
bucket_wait(const struct bucket *b, uint64_t now)
{
	if (bucket_room(b, now) > 0)
		return 0;
	return owed_now(b, now) + time_of(b, 1) - allowed(b);
}
