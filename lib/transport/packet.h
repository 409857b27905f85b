/*
 * Binary packets (RFC 4253 6): opened in place in the input buffer, built
 * and sealed in place in the output buffer.
 */
#ifndef SP_TRANSPORT_PACKET_H
#define SP_TRANSPORT_PACKET_H

#include "lib/transport/transport.h"

/* packet_length and padding_length, in front of the payload. */
enum { PACKET_HEADER = 5 };

/* The most a payload may have: padding and a block boundary come on top. */
enum { PACKET_PAYLOAD_MAX = LIMIT_PACKET - 1 - 4 - 16 };

/*
 * Opens the next packet: *payload is borrowed until the next call. Drops
 * the one opened before. SP_ERR_AGAIN when it is not all there.
 */
SP_MUST_USE enum sp_status
packet_open(struct transport *, struct sp_view *payload);

/* The size of the packet to be opened next, once it is known; 0 before. */
size_t packet_wanted(const struct transport *);

/*
 * Starts a packet at the end of the output: the payload is to be written
 * behind. End adds padding, seals it, and counts it.
 */
SP_MUST_USE enum sp_status packet_begin(struct transport *);
SP_MUST_USE enum sp_status packet_end(struct transport *);
/* Takes back what was written since begin: it must not leave in the clear. */
void packet_cancel(struct transport *);

/*
 * For bulk data: the size on the wire of a packet with this payload, at
 * most where it is compressed and exactly where it is not; and sealing one
 * into so much room. The payload stands behind the room for the header, or
 * further on in the same buffer.
 */
size_t packet_size(const struct transport *, size_t payload_len);
SP_MUST_USE enum sp_status packet_seal(
    struct transport *, uint8_t *packet, struct sp_view payload, size_t *size);

#endif
