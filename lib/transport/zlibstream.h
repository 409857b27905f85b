/*
 * One direction's packets, deflated or inflated (RFC 1950, 1951) as RFC 4253
 * 6.2 has it: one stream, flushed at the end of each packet.
 */
#ifndef SP_TRANSPORT_ZLIBSTREAM_H
#define SP_TRANSPORT_ZLIBSTREAM_H

#include "lib/wire/buffer.h"

struct zlibstream;

SP_MUST_USE enum sp_status zlibstream_new_deflate(struct zlibstream **);
SP_MUST_USE enum sp_status zlibstream_new_inflate(struct zlibstream **);
/* Wipes; NULL is allowed. */
void zlibstream_free(struct zlibstream *);

/*
 * What becomes of a payload, borrowed until the next call. Deflated it has
 * at most zlibstream_bound() bytes. Inflated it is shorter than
 * LIMIT_PACKET_TRUSTED, else SP_ERR_PACKET_LENGTH; SP_ERR_COMPRESSION for
 * what is no stream. After a failure the stream is of no use.
 */
SP_MUST_USE enum sp_status zlibstream_run(
    struct zlibstream *, struct sp_view payload, struct sp_view *result);

size_t zlibstream_bound(size_t payload_len);

/* Gives the room of the last result back. */
void zlibstream_relax(struct zlibstream *);

#endif
