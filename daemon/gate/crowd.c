/*
 * The crowd. All may wait equally long, so the order in which they came is
 * the order in which their time is up: one list, and one timer for its
 * head.
 */
#include "daemon/gate/crowd.h"

#include "daemon/gate/footprint.h"
#include "lib/crypto/random.h"
#include "lib/pump/pump.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

enum {
	/* So few can never take the memory that a gate may have. */
	CROWD_SMALL = 1000,
	CROWD_MEASURE_MS = 100,
	CROWD_MEASURE_EVERY = 64, /* removals between two measurements */
};

struct crowd {
	struct crowd_limits limits;
	crowd_remover *remove;
	struct origin_table *origins;
	TAILQ_HEAD(, crowd_member) members; /* the oldest first */
	uint32_t count;
	struct event time_is_up;
	struct event measure;
};

static void on_time_is_up(evutil_socket_t, short, void *);
static void on_measure(evutil_socket_t, short, void *);

struct crowd *
crowd_new(struct event_base *base, const struct crowd_limits *limits,
    crowd_remover *remove)
{
	struct crowd *c = calloc(1, sizeof *c);
	uint64_t seed;

	if (c == NULL)
		return NULL;
	c->limits = *limits;
	c->remove = remove;
	if (c->limits.max_per_origin > limits->max)
		c->limits.max_per_origin = limits->max;
	if (random_bytes((uint8_t *)&seed, sizeof seed) == SP_OK)
		c->origins = origin_table_new(c->limits.max_per_origin, seed);
	if (c->origins == NULL) {
		free(c);
		return NULL;
	}
	TAILQ_INIT(&c->members);
	event_assign(&c->time_is_up, base, -1, 0, on_time_is_up, c);
	event_assign(&c->measure, base, -1, 0, on_measure, c);
	return c;
}

void
crowd_free(struct crowd *c)
{
	if (c == NULL)
		return;
	event_del(&c->time_is_up);
	event_del(&c->measure);
	origin_table_free(c->origins);
	free(c);
}

void
crowd_share(struct crowd *c, uint32_t gates)
{
	uint32_t share = c->limits.max_per_origin / gates;

	origin_lower(c->origins, share > 0 ? share : 1);
}

uint32_t
crowd_count(const struct crowd *c)
{
	return c->count;
}

static void
arm(struct event *timer, uint64_t ms)
{
	struct timeval wait = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};

	if (!event_pending(timer, EV_TIMEOUT, NULL))
		event_add(timer, &wait);
}

static struct crowd_member *
oldest_of_most(struct crowd *c)
{
	struct origin_member *member = origin_oldest_of_most(c->origins);

	return (struct crowd_member *)((char *)member -
	    offsetof(struct crowd_member, origin));
}

static void
remove_member(
    struct crowd *c, struct crowd_member *member, enum crowd_reason reason)
{
	crowd_leave(c, member);
	c->remove(member, reason);
}

enum sp_status
crowd_join(struct crowd *c, const struct cidr_address *address,
    struct crowd_member *member)
{
	enum sp_status status =
	    origin_join(c->origins, address, &member->origin);

	if (status != SP_OK)
		return status;
	member->until = pump_now() + c->limits.time;
	TAILQ_INSERT_TAIL(&c->members, member, younger);
	c->count++;
	/* An origin that has most with its newcomer gives its own oldest. */
	if (c->count > c->limits.max)
		remove_member(c, oldest_of_most(c), CROWD_IS_FULL);
	arm(&c->time_is_up, c->limits.time);
	if (c->count >= CROWD_SMALL)
		arm(&c->measure, CROWD_MEASURE_MS);
	return SP_OK;
}

void
crowd_leave(struct crowd *c, struct crowd_member *member)
{
	if (member->origin.origin == NULL)
		return;
	origin_leave(c->origins, &member->origin);
	TAILQ_REMOVE(&c->members, member, younger);
	c->count--;
}

void
crowd_dismiss(struct crowd *c, enum crowd_reason reason)
{
	struct crowd_member *oldest = TAILQ_FIRST(&c->members);

	if (oldest != NULL)
		remove_member(c, oldest, reason);
}

/* Armed for whoever was the oldest then: finds who is it now. */
static void
on_time_is_up(evutil_socket_t fd, short what, void *arg)
{
	struct crowd *c = arg;
	struct crowd_member *oldest;
	uint64_t now = pump_now();

	(void)fd;
	(void)what;
	while (
	    (oldest = TAILQ_FIRST(&c->members)) != NULL && oldest->until <= now)
		remove_member(c, oldest, CROWD_TIME_IS_UP);
	if (oldest != NULL)
		arm(&c->time_is_up, oldest->until - now);
}

static void
on_measure(evutil_socket_t fd, short what, void *arg)
{
	struct crowd *c = arg;
	bool is_too_much = footprint_bytes() > c->limits.memory;

	(void)fd;
	(void)what;
	while (c->count > 0 && footprint_bytes() > c->limits.memory) {
		for (int i = 0; i < CROWD_MEASURE_EVERY && c->count > 0; i++)
			remove_member(c, oldest_of_most(c), CROWD_TAKES_MEMORY);
	}
	if (is_too_much)
		footprint_trim();
	if (c->count >= CROWD_SMALL)
		arm(&c->measure, CROWD_MEASURE_MS);
}
