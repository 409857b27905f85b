/* Numbers that are one more than what they count: zero is not counted. */
#include "modules/local/quota.h"

enum { BYTES, NAMES, COUNTED_AT, COUNT_MS = 1000 };

static uint64_t
load(const struct quota *q, int which)
{
	return __atomic_load_n(&q->numbers[which], __ATOMIC_ACQUIRE);
}

/* False where it was another meanwhile, which *old is then. */
static bool
change(const struct quota *q, int which, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(&q->numbers[which], old, new, false,
	    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

bool
quota_is_counted(const struct quota *q)
{
	return load(q, BYTES) != 0 && load(q, NAMES) != 0;
}

/*
 * Nothing changes before both are there, so that they may be of two who
 * counted.
 */
void
quota_set(const struct quota *q, const struct quota_amount *found)
{
	uint64_t none = 0;

	change(q, BYTES, &none,
	    found->bytes == UINT64_MAX ? UINT64_MAX : found->bytes + 1);
	none = 0;
	change(q, NAMES, &none, found->names + 1);
}

bool
quota_claim_count(const struct quota *q, bool is_counting, uint64_t now_ms)
{
	uint64_t at = load(q, COUNTED_AT);

	if (!is_counting && at <= now_ms && now_ms - at < COUNT_MS)
		return false;
	/* Of two who begin one does; who goes on does so anyway. */
	return change(q, COUNTED_AT, &at, now_ms) || is_counting;
}

/* ---- reserving ---- */

static bool
add(const struct quota *q, int which, uint64_t amount, uint64_t most)
{
	uint64_t old = load(q, which);

	if (amount == 0)
		return true;
	if (most == 0)
		most = UINT64_MAX - 1;
	do {
		if (old == 0 || amount > most || old - 1 > most - amount)
			return false;
	} while (!change(q, which, &old, old + amount));
	return true;
}

/* What others brought there and was not counted must not make it less than none. */
static void
subtract(const struct quota *q, int which, uint64_t amount)
{
	uint64_t old = load(q, which);

	while (old != 0 && amount != 0 &&
	    !change(q, which, &old, old > amount ? old - amount : 1))
		;
}

bool
quota_reserve(const struct quota *q, uint64_t bytes, uint64_t names)
{
	if (!add(q, BYTES, bytes, q->most.bytes))
		return false;
	if (add(q, NAMES, names, q->most.names))
		return true;
	subtract(q, BYTES, bytes);
	return false;
}

void
quota_return(const struct quota *q, uint64_t bytes, uint64_t names)
{
	subtract(q, BYTES, bytes);
	subtract(q, NAMES, names);
}

static uint64_t
left_of(const struct quota *q, int which, uint64_t most)
{
	uint64_t number = load(q, which);
	uint64_t used = number == 0 ? 0 : number - 1;

	if (most == 0)
		return UINT64_MAX;
	return used < most ? most - used : 0;
}

struct quota_amount
quota_left(const struct quota *q)
{
	return (struct quota_amount){
		.bytes = left_of(q, BYTES, q->most.bytes),
		.names = left_of(q, NAMES, q->most.names),
	};
}
