/*
 * The lines of those who wait, found by a hash of their source. Without
 * memory for a line of its own a source waits in one with others.
 */
#include "daemon/gate/rota.h"

#include "daemon/gate/origin.h"
#include "lib/crypto/random.h"

#include <stdlib.h>

enum { ROTA_SLOTS = 1024 /* a power of two */ };

struct rota_line {
	struct cidr_address source;
	TAILQ_HEAD(, rota_entry) entries;
	LIST_ENTRY(rota_line) same_slot;
	TAILQ_ENTRY(rota_line) turn; /* while somebody is in it */
};

LIST_HEAD(line_list, rota_line);

struct rota {
	uint64_t seed;
	struct line_list slots[ROTA_SLOTS];
	TAILQ_HEAD(, rota_line) turns; /* whose turn it is: the first */
	struct rota_line common;
};

struct rota *
rota_new(void)
{
	struct rota *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	if (random_bytes((uint8_t *)&r->seed, sizeof r->seed) != SP_OK) {
		free(r);
		return NULL;
	}
	TAILQ_INIT(&r->turns);
	TAILQ_INIT(&r->common.entries);
	return r;
}

void
rota_free(struct rota *r)
{
	free(r);
}

static struct rota_line *
line_of(struct rota *r, const struct cidr_address *address)
{
	const struct cidr_address source = cidr_source_of(address);
	struct line_list *slot =
	    &r->slots[origin_hash(r->seed, &source) & (ROTA_SLOTS - 1)];
	struct rota_line *line;

	LIST_FOREACH(line, slot, same_slot)
	{
		if (cidr_is_equal(&line->source, &source))
			return line;
	}
	line = calloc(1, sizeof *line);
	if (line == NULL)
		return &r->common;
	line->source = source;
	TAILQ_INIT(&line->entries);
	LIST_INSERT_HEAD(slot, line, same_slot);
	return line;
}

/* Takes him out; a line that nobody is in has no turn. */
static void
leave(struct rota *r, struct rota_entry *entry)
{
	struct rota_line *line = entry->line;

	TAILQ_REMOVE(&line->entries, entry, link);
	entry->line = NULL;
	if (!TAILQ_EMPTY(&line->entries))
		return;
	TAILQ_REMOVE(&r->turns, line, turn);
	if (line == &r->common)
		return;
	LIST_REMOVE(line, same_slot);
	free(line);
}

void
rota_add(struct rota *r, struct rota_entry *entry)
{
	struct rota_line *line;

	if (entry->line != NULL)
		return;
	line = line_of(r, &entry->source);
	if (TAILQ_EMPTY(&line->entries))
		TAILQ_INSERT_TAIL(&r->turns, line, turn);
	TAILQ_INSERT_TAIL(&line->entries, entry, link);
	entry->line = line;
}

void
rota_remove(struct rota *r, struct rota_entry *entry)
{
	if (entry->line != NULL)
		leave(r, entry);
}

struct rota_entry *
rota_next(struct rota *r)
{
	struct rota_line *line = TAILQ_FIRST(&r->turns);
	struct rota_entry *entry;

	if (line == NULL)
		return NULL;
	entry = TAILQ_FIRST(&line->entries);
	TAILQ_REMOVE(&r->turns, line, turn);
	TAILQ_INSERT_TAIL(&r->turns, line, turn);
	leave(r, entry);
	return entry;
}

void
rota_put_back(struct rota *r, struct rota_entry *entry)
{
	struct rota_line *line = line_of(r, &entry->source);

	if (!TAILQ_EMPTY(&line->entries))
		TAILQ_REMOVE(&r->turns, line, turn);
	TAILQ_INSERT_HEAD(&r->turns, line, turn);
	TAILQ_INSERT_HEAD(&line->entries, entry, link);
	entry->line = line;
}

bool
rota_is_empty(const struct rota *r)
{
	return TAILQ_EMPTY(&r->turns);
}
