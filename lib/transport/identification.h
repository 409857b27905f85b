/* The identification strings that open a connection (RFC 4253 4.2). */
#ifndef SP_TRANSPORT_IDENTIFICATION_H
#define SP_TRANSPORT_IDENTIFICATION_H

#include "lib/transport/transport.h"

/*
 * Sets ours to "SSH-2.0-" and this, or the library's own name.
 * SP_ERR_ARGUMENT when it is too long or has what RFC 4253 forbids.
 */
SP_MUST_USE enum sp_status
identification_set(struct transport *, const char *software);

SP_MUST_USE enum sp_status identification_send(struct transport *);

/*
 * A server's lines of text in front of it. SP_ERR_ARGUMENT when they might
 * be taken for something else, or are more or longer than our own client
 * would pass over.
 */
SP_MUST_USE enum sp_status
identification_greet(struct transport *, const char *greeting);

/*
 * Takes the peer's off the input and raises SP_EVENT_IDENTIFIED; a client
 * passes over lines before it. SP_ERR_AGAIN until it is whole.
 */
SP_MUST_USE enum sp_status identification_receive(struct transport *);

/* A line in its parts, borrowed from it. */
struct identification {
	struct sp_view protocol; /* "2.0" or "1.99" */
	struct sp_view software;
	struct sp_view comments;
};

/* Splits a line without CR LF; false when it is not SSH-2.0 or 1.99. */
bool identification_split(struct sp_view line, struct identification *);

#endif
