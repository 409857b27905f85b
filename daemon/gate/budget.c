/*
 * The budget: a table of few bytes a source, of fixed size. A source whose
 * debts are paid needs no row; where there is none left the one that is
 * nearest to it loses its own.
 */
#include "daemon/gate/budget.h"

#include "daemon/gate/origin.h"

#include <stdlib.h>

enum {
	BUDGET_SETS = 4096, /* a power of two */
	BUDGET_WAYS = 4, /* rows of a set */
	US_A_MS = 1000,
};

struct row {
	struct cidr_address source;
	uint64_t paid_at; /* us: when all that it took is paid for */
};

struct budget {
	uint64_t seed;
	uint32_t gates; /* that a source may be charged by */
	struct row rows[BUDGET_SETS][BUDGET_WAYS];
};

struct budget *
budget_new(uint64_t seed)
{
	struct budget *b = calloc(1, sizeof *b);

	if (b == NULL)
		return NULL;
	b->seed = seed;
	b->gates = 1;
	return b;
}

void
budget_free(struct budget *b)
{
	free(b);
}

void
budget_share(struct budget *b, uint32_t gates)
{
	b->gates = gates;
}

/* The row of a source, or the one that can best be spared for it. */
static struct row *
find(struct budget *b, const struct cidr_address *source)
{
	struct row *set =
	    b->rows[origin_hash(b->seed, source) & (BUDGET_SETS - 1)];
	struct row *spare = &set[0];

	for (size_t i = 0; i < BUDGET_WAYS; i++) {
		if (cidr_is_equal(&set[i].source, source))
			return &set[i];
		if (set[i].paid_at < spare->paid_at)
			spare = &set[i];
	}
	*spare = (struct row){ .source = *source };
	return spare;
}

uint64_t
budget_take(struct budget *b, const struct cidr_address *address,
    uint32_t cost_us, uint64_t now)
{
	const uint64_t most = (uint64_t)BUDGET_BURST_US * BUDGET_SHARE;
	const struct cidr_address source = cidr_source_of(address);
	struct row *row = find(b, &source);
	uint64_t now_us = now * US_A_MS;

	if (row->paid_at < now_us)
		row->paid_at = now_us;
	if (row->paid_at - now_us > most)
		return (row->paid_at - now_us - most + US_A_MS - 1) / US_A_MS;
	row->paid_at += (uint64_t)cost_us * BUDGET_SHARE * b->gates;
	return 0;
}
