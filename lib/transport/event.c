/* A ring of events. */
#include "lib/transport/event.h"

#include <assert.h>

struct sp_event *
event_push(struct event_queue *q, enum sp_event_kind kind)
{
	struct sp_event *event;

	assert(q->count < EVENT_QUEUE_SIZE);
	event = &q->events[(q->first + q->count) % EVENT_QUEUE_SIZE];
	q->count++;
	*event = (struct sp_event){ .kind = kind };
	return event;
}

void
event_drop_last(struct event_queue *q)
{
	assert(q->count > 0);
	q->count--;
}

bool
event_pop(struct event_queue *q, struct sp_event *event)
{
	if (q->count == 0)
		return false;
	*event = q->events[q->first];
	q->first = (q->first + 1) % EVENT_QUEUE_SIZE;
	q->count--;
	return true;
}
