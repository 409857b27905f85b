/* Levels, in thousandths, so that slow rates lose nothing by rounding. */
#include "modules/sftp/bucket.h"

enum { UNIT = 1000, BURST_MS = 250 };

/* No rate is more; and no debt, so that nothing overflows. */
static const uint64_t rate_max = 1ULL << 40, debt_max = 1ULL << 50;

/* A byte has room always. */
static int64_t
most(const struct bucket *b)
{
	uint64_t burst = b->rate * BURST_MS;

	return burst < UNIT ? UNIT : (int64_t)burst;
}

void
bucket_init(struct bucket *b, uint64_t rate, uint64_t now)
{
	*b = (struct bucket){
		.rate = rate < rate_max ? rate : rate_max,
		.filled_at = now,
	};
	b->level = most(b);
}

static void
fill(struct bucket *b, uint64_t now)
{
	uint64_t missing = (uint64_t)(most(b) - b->level);
	uint64_t passed = now > b->filled_at ? now - b->filled_at : 0;

	b->filled_at = now;
	if (b->rate == 0 || passed > missing / b->rate)
		b->level = most(b);
	else
		b->level += (int64_t)(passed * b->rate);
}

size_t
bucket_room(struct bucket *b, uint64_t now)
{
	if (b->rate == 0)
		return SIZE_MAX;
	fill(b, now);
	return b->level < UNIT ? 0 : (size_t)(b->level / UNIT);
}

void
bucket_take(struct bucket *b, uint64_t len)
{
	if (b->rate == 0)
		return;
	if (len > debt_max / UNIT)
		len = debt_max / UNIT;
	b->level -= (int64_t)(len * UNIT);
	if (b->level < -(int64_t)debt_max)
		b->level = -(int64_t)debt_max;
}

uint64_t
bucket_wait(struct bucket *b, uint64_t now)
{
	if (bucket_room(b, now) > 0)
		return 0;
	return ((uint64_t)(UNIT - b->level) + b->rate - 1) / b->rate;
}
