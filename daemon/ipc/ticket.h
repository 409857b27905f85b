/*
 * A ticket: the keyholder's word that it signed this exchange for this
 * gate. Login takes a session id from nowhere else, and from each ticket
 * once. HMAC-SHA-256 under a key only the keyholder and login hold.
 */
#ifndef SP_IPC_TICKET_H
#define SP_IPC_TICKET_H

#include "lib/crypto/digest.h"
#include "lib/wire/buffer.h"

enum { TICKET_KEY_LEN = 32, TICKET_LISTENER_MAX = 64, TICKET_MAX = 256 };

struct ticket {
	struct sp_view hash; /* the exchange hash: the session id */
	struct sp_view host_key; /* SHA-256 of the public blob used */
	struct sp_view listener; /* one that has that key; as the gate said */
	uint32_t gate; /* the gate it was made for */
	uint64_t made; /* ms, CLOCK_MONOTONIC */
	uint64_t expiry; /* the same */
};

SP_MUST_USE enum sp_status ticket_seal(const struct sp_crypto *,
    struct sp_view key, const struct ticket *, struct buffer *out);

/*
 * Opens a ticket for this gate at this time; borrows from bytes.
 * SP_ERR_SIGNATURE when it is forged, another gate's, or expired.
 */
SP_MUST_USE enum sp_status
ticket_open(const struct sp_crypto *, struct sp_view key, struct sp_view bytes,
    uint32_t gate, uint64_t now, struct ticket *);

#endif
