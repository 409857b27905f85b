/*
 * The header of HAProxy's PROXY protocol, versions 1 and 2: who is behind a
 * proxy, said by it before the first byte of his own. What is passed on
 * behind the header is another's, so that it is read in pieces of which each
 * byte is certainly its own.
 */
#ifndef SP_GATE_PROXYHEADER_H
#define SP_GATE_PROXYHEADER_H

#include "daemon/config/cidr.h"

/*
 * Of version 1 the specification says 107 bytes with the CRLF; of version 2
 * there are so many behind its first 16, with what it adds to the addresses
 * (which is skipped).
 */
enum { PROXYHEADER_LINE_MAX = 107, PROXYHEADER_MORE_MAX = 2048 };
enum { PROXYHEADER_MAX = 16 + PROXYHEADER_MORE_MAX };

enum proxyheader_state {
	PROXYHEADER_SHORT, /* more is missing */
	PROXYHEADER_TOLD, /* whole: peer and local are the client's */
	PROXYHEADER_OWN, /* whole: the connection is the proxy's own */
	PROXYHEADER_BAD, /* problem says why */
};

struct proxyheader {
	size_t more; /* bytes to be read next, no more than are its own */
	struct cidr_endpoint peer;
	struct cidr_endpoint local;
	const char *problem; /* a literal */
};

/* What is there so far: nothing at first, then as many as were asked for. */
enum proxyheader_state proxyheader_read(struct sp_view, struct proxyheader *);

#endif
