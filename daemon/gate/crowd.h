/*
 * The crowd: all strangers that wait, and the limits that hold for them
 * together. How long each may wait, how many there may be in all and of
 * one origin, and how much memory they may take. Where one must go, it is
 * the oldest of the origin that has most.
 */
#ifndef SP_GATE_CROWD_H
#define SP_GATE_CROWD_H

#include "daemon/gate/origin.h"

struct crowd;
struct event_base;

struct crowd_limits {
	uint32_t max;
	uint32_t max_per_origin;
	uint64_t time; /* milliseconds each may wait */
	size_t memory; /* bytes of the whole process */
};

enum crowd_reason {
	CROWD_TIME_IS_UP,
	CROWD_IS_FULL,
	CROWD_TAKES_MEMORY,
};

struct crowd_member {
	TAILQ_ENTRY(crowd_member) younger;
	struct origin_member origin;
	uint64_t until; /* ms, monotonic */
};

/* Told to a member that has left the crowd already. */
typedef void crowd_remover(struct crowd_member *, enum crowd_reason);

/* NULL without memory. */
struct crowd *
crowd_new(struct event_base *, const struct crowd_limits *, crowd_remover *);
/* The members must have left. NULL is allowed. */
void crowd_free(struct crowd *);

/*
 * From now on an origin has one part in so many of what it may have: the
 * rest of its members may be at other gates.
 */
void crowd_share(struct crowd *, uint32_t gates);

/*
 * Adds a member, after removing another where there are too many.
 * SP_ERR_LIMIT when his origin has its share already, SP_ERR_MEMORY.
 */
SP_MUST_USE enum sp_status
crowd_join(struct crowd *, const struct cidr_address *, struct crowd_member *);
/* Does nothing for who has left already. */
void crowd_leave(struct crowd *, struct crowd_member *);

/* Removes the oldest of all, if there is one. */
void crowd_dismiss(struct crowd *, enum crowd_reason);

uint32_t crowd_count(const struct crowd *);

#endif
