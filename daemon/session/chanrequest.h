/*
 * The requests of a session channel: what the profile allows goes to the
 * handler it names, what it does not name is refused.
 */
#ifndef SP_SESSION_CHANREQUEST_H
#define SP_SESSION_CHANREQUEST_H

#include <sallyport/engine.h>

struct sp_chan;

/* Acts on SP_EVENT_CHANNEL_REQUEST and answers it. */
void chanrequest_act(struct sp_chan *, const struct sp_event *);

#endif
