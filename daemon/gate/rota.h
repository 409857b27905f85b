/*
 * A rota: whose turn it is. Those of one source wait in a line, and sources
 * take turns, so that who sends many is before nobody who sends few. A
 * source is an origin (origin.h).
 */
#ifndef SP_GATE_ROTA_H
#define SP_GATE_ROTA_H

#include "daemon/config/cidr.h"

#include <sys/queue.h>

struct rota;
struct rota_line;

/* One who waits; embedded in what he waits for. */
struct rota_entry {
	struct cidr_address source; /* any address of it */
	struct rota_line *line; /* NULL: he does not wait */
	TAILQ_ENTRY(rota_entry) link;
};

/* NULL without memory. */
struct rota *rota_new(void);
/* The entries must have left. NULL is allowed. */
void rota_free(struct rota *);

/* The last of his source. Does nothing for who waits already. */
void rota_add(struct rota *, struct rota_entry *);
/* Does nothing for who does not wait. */
void rota_remove(struct rota *, struct rota_entry *);
/* Whose turn it is, taken out; his source has had its turn. NULL: nobody. */
struct rota_entry *rota_next(struct rota *);
/* Who was taken last could do nothing: it is still his turn. */
void rota_put_back(struct rota *, struct rota_entry *);

bool rota_is_empty(const struct rota *);

#endif
