/*
 * Origins: where strangers come from, and how many wait of each. An origin
 * is an IPv4 address or an IPv6 /64, which one host can fill by itself.
 */
#ifndef SP_GATE_ORIGIN_H
#define SP_GATE_ORIGIN_H

#include "daemon/config/cidr.h"

#include <sys/queue.h>

struct origin;
struct origin_table;

/* Of an origin (cidr_source_of()), as a secret seed has it. */
uint64_t origin_hash(uint64_t seed, const struct cidr_address *origin);

/* One who waits; embedded in what he is. */
struct origin_member {
	struct origin *origin; /* NULL when he is in no table */
	TAILQ_ENTRY(origin_member) younger;
};

/*
 * An empty table for origins of at most max members; a secret seed keeps
 * strangers from choosing addresses that collide. NULL without memory.
 */
struct origin_table *origin_table_new(uint32_t max, uint64_t seed);
/* The members must have left. */
void origin_table_free(struct origin_table *);

/* Lowers the number of members for who joins from now on. */
void origin_lower(struct origin_table *, uint32_t max);

/*
 * Adds the youngest member of his origin. SP_ERR_LIMIT when it has max
 * already, SP_ERR_MEMORY.
 */
SP_MUST_USE enum sp_status origin_join(
    struct origin_table *, const struct cidr_address *, struct origin_member *);
/* Does nothing for who is in no table. */
void origin_leave(struct origin_table *, struct origin_member *);

/*
 * The oldest member of the origin that has most; of those that have as many
 * it is the one that has had so many longest. NULL when there is none.
 */
struct origin_member *origin_oldest_of_most(const struct origin_table *);

#endif
