/* The lines of those who wait for a login process, and whose turn it is. */
#include "daemon/login/turnstile.h"

#include <stdlib.h>

void
turnstile_init(struct turnstile *a, const struct turnstile_limits *limits)
{
	*a = (struct turnstile){ .limits = *limits };
	TAILQ_INIT(&a->sources);
}

static struct turnstile_source *
source_of(struct turnstile *a, const struct cidr_address *peer)
{
	struct cidr_address prefix = cidr_source_of(peer);
	struct turnstile_source *source;

	TAILQ_FOREACH(source, &a->sources, link)
	{
		if (cidr_is_equal(&source->prefix, &prefix))
			return source;
	}
	source = calloc(1, sizeof *source);
	if (source == NULL)
		return NULL;
	source->prefix = prefix;
	TAILQ_INIT(&source->line);
	TAILQ_INSERT_TAIL(&a->sources, source, link);
	return source;
}

static void
forget_if_idle(struct turnstile *a, struct turnstile_source *source)
{
	if (source->running > 0 || source->waiting > 0)
		return;
	TAILQ_REMOVE(&a->sources, source, link);
	free(source);
}

bool
turnstile_enter(struct turnstile *a, struct turnstile_visitor *visitor,
    const struct cidr_address *peer)
{
	struct turnstile_source *source;

	source = source_of(a, peer);
	if (source == NULL)
		return false;
	if (source->waiting >= a->limits.waiting_per_source) {
		forget_if_idle(a, source);
		return false;
	}
	visitor->source = source;
	TAILQ_INSERT_TAIL(&source->line, visitor, link);
	source->waiting++;
	a->waiting++;
	return true;
}

static void
leave_line(struct turnstile *a, struct turnstile_visitor *visitor)
{
	struct turnstile_source *source = visitor->source;

	TAILQ_REMOVE(&source->line, visitor, link);
	source->waiting--;
	a->waiting--;
}

struct turnstile_visitor *
turnstile_next(struct turnstile *a)
{
	struct turnstile_visitor *visitor;
	struct turnstile_source *source;

	if (a->waiting == 0 || a->running >= a->limits.running)
		return NULL;
	TAILQ_FOREACH(source, &a->sources, link)
	{
		if (source->waiting > 0 &&
		    source->running < a->limits.running_per_source)
			break;
	}
	if (source == NULL)
		return NULL;
	visitor = TAILQ_FIRST(&source->line);
	leave_line(a, visitor);
	source->running++;
	a->running++;
	/* It has had its turn. */
	TAILQ_REMOVE(&a->sources, source, link);
	TAILQ_INSERT_TAIL(&a->sources, source, link);
	return visitor;
}

static struct turnstile_visitor *
take_out(struct turnstile *a, struct turnstile_visitor *visitor)
{
	struct turnstile_source *source = visitor->source;

	leave_line(a, visitor);
	visitor->source = NULL;
	forget_if_idle(a, source);
	return visitor;
}

/* Where as many wait of both, the one that has waited longer. */
static bool
is_larger(const struct turnstile_source *a, const struct turnstile_source *b)
{
	if (a->waiting != b->waiting)
		return a->waiting > b->waiting;
	return a->waiting > 0 &&
	    TAILQ_FIRST(&a->line)->deadline < TAILQ_FIRST(&b->line)->deadline;
}

struct turnstile_visitor *
turnstile_surplus(struct turnstile *a)
{
	struct turnstile_source *source, *largest;

	if (a->waiting <= a->limits.waiting)
		return NULL;
	largest = TAILQ_FIRST(&a->sources);
	TAILQ_FOREACH(source, &a->sources, link)
	{
		if (is_larger(source, largest))
			largest = source;
	}
	return take_out(a, TAILQ_FIRST(&largest->line));
}

struct turnstile_visitor *
turnstile_expire(struct turnstile *a, uint64_t now)
{
	struct turnstile_source *source;

	/* Who came first in a line expires first, give or take an exchange. */
	TAILQ_FOREACH(source, &a->sources, link)
	{
		struct turnstile_visitor *first = TAILQ_FIRST(&source->line);

		if (first != NULL && first->deadline <= now)
			return take_out(a, first);
	}
	return NULL;
}

uint64_t
turnstile_deadline(const struct turnstile *a)
{
	const struct turnstile_source *source;
	uint64_t first = UINT64_MAX;

	if (a->waiting == 0)
		return first;
	TAILQ_FOREACH(source, &a->sources, link)
	{
		const struct turnstile_visitor *v = TAILQ_FIRST(&source->line);

		if (v != NULL && v->deadline < first)
			first = v->deadline;
	}
	return first;
}

struct turnstile_visitor *
turnstile_dismiss(struct turnstile *a)
{
	return turnstile_expire(a, UINT64_MAX);
}

void
turnstile_leave(struct turnstile *a, struct turnstile_visitor *visitor)
{
	struct turnstile_source *source = visitor->source;

	source->running--;
	a->running--;
	visitor->source = NULL;
	forget_if_idle(a, source);
}
