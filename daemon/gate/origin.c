/*
 * A hash table of origins, and beside it a list of the origins for each
 * number of members: the origin with most is always at hand.
 */
#include "daemon/gate/origin.h"

#include <stdlib.h>
#include <string.h>

enum {
	ORIGIN_SLOTS = 4096, /* a power of two */
};

struct origin {
	struct cidr_address prefix;
	uint32_t count; /* of members, never 0 */
	TAILQ_HEAD(, origin_member) members; /* the oldest first */
	LIST_ENTRY(origin) same_slot;
	TAILQ_ENTRY(origin) same_count;
};

LIST_HEAD(origin_list, origin);
TAILQ_HEAD(origin_queue, origin);

struct origin_table {
	uint64_t seed;
	uint32_t max;
	uint32_t most; /* members of the largest origin */
	struct origin_list slots[ORIGIN_SLOTS];
	/* 1 to max, 0 is not used; who has had so many longest is first */
	struct origin_queue by_count[];
};

struct origin_table *
origin_table_new(uint32_t max, uint64_t seed)
{
	struct origin_table *t =
	    calloc(1, sizeof *t + ((size_t)max + 1) * sizeof t->by_count[0]);

	if (t == NULL)
		return NULL;
	t->max = max;
	t->seed = seed;
	for (uint32_t i = 0; i <= max; i++)
		TAILQ_INIT(&t->by_count[i]);
	return t;
}

void
origin_table_free(struct origin_table *t)
{
	free(t);
}

/* The room for more members stays, and those who are there already. */
void
origin_lower(struct origin_table *t, uint32_t max)
{
	if (max < t->max)
		t->max = max;
}

/* The finalizer of MurmurHash3: every bit depends on every other. */
static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	x ^= x >> 33;
	return x;
}

uint64_t
origin_hash(uint64_t seed, const struct cidr_address *origin)
{
	uint64_t halves[2];

	memcpy(halves, origin->bytes, sizeof halves);
	return mix(mix(seed ^ halves[0]) + seed + halves[1]);
}

static struct origin_list *
slot_of(struct origin_table *t, const struct cidr_address *prefix)
{
	return &t->slots[origin_hash(t->seed, prefix) & (ORIGIN_SLOTS - 1)];
}

static struct origin *
find(struct origin_list *slot, const struct cidr_address *prefix)
{
	struct origin *o;

	LIST_FOREACH(o, slot, same_slot)
	{
		if (cidr_is_equal(&o->prefix, prefix))
			return o;
	}
	return NULL;
}

/* Makes an origin without members, which its caller must give one. */
static struct origin *
add(struct origin_list *slot, const struct cidr_address *prefix)
{
	struct origin *o = calloc(1, sizeof *o);

	if (o == NULL)
		return NULL;
	o->prefix = *prefix;
	TAILQ_INIT(&o->members);
	LIST_INSERT_HEAD(slot, o, same_slot);
	return o;
}

enum sp_status
origin_join(struct origin_table *t, const struct cidr_address *address,
    struct origin_member *member)
{
	struct cidr_address prefix = cidr_source_of(address);
	struct origin_list *slot = slot_of(t, &prefix);
	struct origin *o = find(slot, &prefix);

	if (o == NULL) {
		o = t->max > 0 ? add(slot, &prefix) : NULL;
		if (o == NULL)
			return t->max > 0 ? SP_ERR_MEMORY : SP_ERR_LIMIT;
	} else if (o->count >= t->max) {
		return SP_ERR_LIMIT;
	} else {
		TAILQ_REMOVE(&t->by_count[o->count], o, same_count);
	}
	o->count++;
	TAILQ_INSERT_TAIL(&t->by_count[o->count], o, same_count);
	if (o->count > t->most)
		t->most = o->count;
	TAILQ_INSERT_TAIL(&o->members, member, younger);
	member->origin = o;
	return SP_OK;
}

void
origin_leave(struct origin_table *t, struct origin_member *member)
{
	struct origin *o = member->origin;

	if (o == NULL)
		return;
	member->origin = NULL;
	TAILQ_REMOVE(&o->members, member, younger);
	TAILQ_REMOVE(&t->by_count[o->count], o, same_count);
	o->count--;
	if (o->count > 0) {
		TAILQ_INSERT_TAIL(&t->by_count[o->count], o, same_count);
	} else {
		LIST_REMOVE(o, same_slot);
		free(o);
	}
	while (t->most > 0 && TAILQ_EMPTY(&t->by_count[t->most]))
		t->most--;
}

struct origin_member *
origin_oldest_of_most(const struct origin_table *t)
{
	if (t->most == 0)
		return NULL;
	return TAILQ_FIRST(&TAILQ_FIRST(&t->by_count[t->most])->members);
}
