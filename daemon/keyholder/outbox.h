/*
 * An outbox: answers to one peer, which leave in the order they were
 * given. What finds no room in his socket waits here, a copy each; to bound
 * it is his owner's business, who reads nothing of him meanwhile.
 */
#ifndef SP_KEYHOLDER_OUTBOX_H
#define SP_KEYHOLDER_OUTBOX_H

#include "daemon/ipc/ipc.h"

#include <sys/queue.h>

struct event;
struct event_base;
struct outbox_letter;

struct outbox {
	int socket; /* borrowed */
	struct event *writable; /* pending while something waits */
	STAILQ_HEAD(, outbox_letter) letters;
	/* All that waited has left: SP_OK; else why nothing leaves any more. */
	void (*emptied)(void *arg, enum sp_status);
	void *arg;
};

/* False without memory; it is to be cleared either way. */
SP_MUST_USE bool outbox_open(struct outbox *, struct event_base *, int socket,
    void (*emptied)(void *arg, enum sp_status), void *arg);
/* What waits is dropped, wiped. */
void outbox_clear(struct outbox *);
/* Nothing leaves any more, and nothing is said. */
void outbox_stop(struct outbox *);

/*
 * SP_OK when it has left, SP_ERR_AGAIN when it waits. Whatever else it
 * returns, the answer is lost, and the peer had better be.
 */
SP_MUST_USE enum sp_status
outbox_send(struct outbox *, enum ipc_type, struct sp_view body);

bool outbox_is_empty(const struct outbox *);

#endif
