/*
 * Events on their way to the owner: what one packet or one call gives rise
 * to, which is a handful at most, so the queue has a fixed size.
 */
#ifndef SP_TRANSPORT_EVENT_H
#define SP_TRANSPORT_EVENT_H

#include <sallyport/engine.h>

enum { EVENT_QUEUE_SIZE = 8 };

struct event_queue {
	struct sp_event events[EVENT_QUEUE_SIZE];
	size_t first;
	size_t count;
};

/* A new, empty event at the end, to be filled in. */
struct sp_event *event_push(struct event_queue *, enum sp_event_kind);
/* Takes back the one pushed last: it turned out to be nothing. */
void event_drop_last(struct event_queue *);
bool event_pop(struct event_queue *, struct sp_event *);
#endif
