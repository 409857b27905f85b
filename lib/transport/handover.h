/*
 * A live transport as bytes, for another process to go on with: only while
 * no key exchange is under way. Input not opened stays ciphertext.
 */
#ifndef SP_TRANSPORT_HANDOVER_H
#define SP_TRANSPORT_HANDOVER_H

#include "lib/transport/transport.h"

SP_MUST_USE enum sp_status
handover_write(const struct transport *, struct buffer *out);

/*
 * Fills a transport fresh from transport_init() and nothing else.
 * SP_ERR_IMPORT unless all of it is whole and fits together; a transport
 * that failed is only good for transport_clear().
 */
SP_MUST_USE enum sp_status
handover_read(struct transport *, struct sp_view data);

#endif
