/*
 * A handler that speaks on its channel itself. It takes the client's bytes
 * in data() and sends its own in speak(), and never both at once: what the
 * engine lends is gone with the next call that takes the engine.
 */
#ifndef SP_SESSION_CHANSPEECH_H
#define SP_SESSION_CHANSPEECH_H

#include <sallyport/engine.h>

struct sp_chan;

/* Whether the channel's handler speaks on it, and has not ended it. */
bool chanspeech_is_held(const struct sp_chan *);

/* The channel is the handler's, or there is room again. */
void chanspeech_go(struct sp_chan *);

/* Data, end of data and window events of the channel. */
void chanspeech_event(struct sp_chan *, const struct sp_event *);

#endif
