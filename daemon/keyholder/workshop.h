/*
 * The workshop: what waits for the worker, and whose turn it is. Sessions
 * come before strangers, and of each kind the customers take turns; one
 * order at a time is with the worker. Nobody waits here for anything else.
 */
#ifndef SP_KEYHOLDER_WORKSHOP_H
#define SP_KEYHOLDER_WORKSHOP_H

#include "daemon/keyholder/signature.h"

#include <sys/queue.h>

struct event_base;
struct workshop;
struct workshop_job;

/*
 * Open orders of one customer, more than an honest one ever has; and of
 * all of a kind, past which each customer of it has one.
 */
enum { WORKSHOP_CUSTOMER_MAX = 8, WORKSHOP_KIND_MAX = 1024 };

enum workshop_kind { WORKSHOP_SESSION, WORKSHOP_STRANGER, WORKSHOP_KINDS };

/* Who orders; embedded in what he is. All zero but for the kind at first. */
struct workshop_customer {
	enum workshop_kind kind;
	size_t open;
	STAILQ_HEAD(workshop_jobs, workshop_job) waiting;
	TAILQ_ENTRY(workshop_customer) turn; /* while something waits */
};
void workshop_enter(struct workshop_customer *, enum workshop_kind);

struct workshop_owner {
	/* What a customer ordered; an empty signature could not be made. */
	void (*made)(void *arg, struct workshop_customer *,
	    const struct signature *, struct sp_view signature);
	/* Nothing will be made any more. Said once. */
	void (*lost)(void *arg);
};

/* Takes the socket to the worker. NULL without memory. */
struct workshop *workshop_new(
    struct event_base *, int socket, const struct workshop_owner *, void *arg);
/* All customers have left. NULL is allowed. */
void workshop_free(struct workshop *);

/*
 * Whether this customer may order one more: as long as he may not, nothing
 * is read of him. A workshop that is not there (NULL) holds nobody up.
 */
bool
workshop_has_room(const struct workshop *, const struct workshop_customer *);

/*
 * With SP_OK the signature is taken, and made later. SP_ERR_LIMIT without
 * room, SP_ERR_STATE without a worker, SP_ERR_MEMORY.
 */
SP_MUST_USE enum sp_status workshop_order(
    struct workshop *, struct workshop_customer *, struct signature *);

/* Forgets his orders; he may leave as often as he likes. */
void workshop_leave(struct workshop *, struct workshop_customer *);

#endif
