/*
 * Who may have a login process: so many in all, so many for each source
 * that have not succeeded yet. The others wait, and sources take turns. A
 * source is an IPv4 address or the first 64 bits of an IPv6 address.
 */
#ifndef SP_LOGIN_TURNSTILE_H
#define SP_LOGIN_TURNSTILE_H

#include "daemon/config/cidr.h"

#include <sys/queue.h>

struct turnstile_limits {
	uint32_t running; /* login processes without success, in all */
	uint32_t running_per_source;
	uint32_t waiting;
	uint32_t waiting_per_source;
};

struct turnstile_source {
	struct cidr_address prefix;
	uint32_t running;
	uint32_t waiting;
	TAILQ_HEAD(, turnstile_visitor) line;
	TAILQ_ENTRY(turnstile_source) link;
};

/* One who waits or runs: the first member of the caller's own struct. */
struct turnstile_visitor {
	struct turnstile_source *source;
	uint64_t deadline; /* for waiting and running; the caller's clock */
	TAILQ_ENTRY(turnstile_visitor) link;
};

struct turnstile {
	struct turnstile_limits limits;
	TAILQ_HEAD(, turnstile_source) sources; /* whose turn it is: first */
	uint32_t running;
	uint32_t waiting;
};

void turnstile_init(struct turnstile *, const struct turnstile_limits *);

/*
 * Puts a visitor, whose deadline is set, into his source's line. False
 * without memory, or when that line is full.
 */
SP_MUST_USE bool turnstile_enter(struct turnstile *, struct turnstile_visitor *,
    const struct cidr_address *peer);

/*
 * Takes one out who must go since too many wait: the oldest of the source
 * of which most do. NULL when there are not too many.
 */
struct turnstile_visitor *turnstile_surplus(struct turnstile *);

/* The next one who may run now, counted as running; or NULL. */
struct turnstile_visitor *turnstile_next(struct turnstile *);

/* Takes one who waits and whose deadline has passed out, or NULL. */
struct turnstile_visitor *turnstile_expire(struct turnstile *, uint64_t now);

/* When the first of those who wait expires; UINT64_MAX when none waits. */
uint64_t turnstile_deadline(const struct turnstile *);

/* Takes any one who waits out, or NULL. */
struct turnstile_visitor *turnstile_dismiss(struct turnstile *);

/* One who ran has succeeded or ended. */
void turnstile_leave(struct turnstile *, struct turnstile_visitor *);

#endif
