/*
 * Channels that are no sessions: what forwards ports and sockets, as one
 * word of a command line.
 */
#ifndef INTEROP_DETOUR_H
#define INTEROP_DETOUR_H

#include <sallyport/connection.h>

struct detour {
	enum sp_channel_type type;
	struct sp_view address; /* or a path */
	uint32_t port;
};

/*
 * "direct-tcpip=ADDRESS:PORT", "direct-streamlocal=PATH",
 * "forwarded-tcpip=ADDRESS:PORT", "forwarded-streamlocal=PATH"; ends the
 * program where it is none of these. Borrows the text.
 */
struct detour detour_read(const char *text);

/* Whether it is the server that opens such channels, when asked to. */
bool detour_is_asked_for(const struct detour *);

/* Client: opens the channel, or asks the server for them. */
void detour_begin(struct sp_engine *, const struct detour *, uint32_t *channel);

/* Whether a channel that is opened is one that was asked for. */
bool detour_is_expected(const struct detour *, const struct sp_event *);

#endif
