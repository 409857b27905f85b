/*
 * A claim: what a proxy said of a connection that came by it, as a gate
 * passes it on. Nobody believes it who does not know from the socket that a
 * proxy may say so.
 */
#ifndef SP_IPC_CLAIM_H
#define SP_IPC_CLAIM_H

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

/* IPv4 in its mapped form (RFC 4291 2.5.5.2). */
struct claim_endpoint {
	uint8_t address[16];
	uint16_t port;
};

/* All zero unless it is made. */
struct claim {
	bool is_made;
	struct claim_endpoint peer; /* the client */
	struct claim_endpoint local; /* where he thinks he is */
};

/* As fields of a message; both latch a failure. */
void claim_write(struct writer *, const struct claim *);
struct claim claim_read(struct reader *);

#endif
