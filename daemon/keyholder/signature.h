/*
 * A signature for a peer, from what he asked to what he gets: first it is
 * put together, here, whatever he said; then it is signed. He never gives
 * what is signed, only the parts of it.
 */
#ifndef SP_KEYHOLDER_SIGNATURE_H
#define SP_KEYHOLDER_SIGNATURE_H

#include "daemon/ipc/signing.h"
#include "daemon/keyholder/vault.h"

struct serials;

struct signature {
	uint64_t id; /* the peer's number for it */
	const struct vault_key *key; /* the vault's */
	const char *algorithm; /* static, one of the key's own */
	struct buffer data; /* what is signed */
	struct buffer ticket; /* empty for who needs none */
};

/* Nothing in it yet. */
void signature_init(struct signature *, uint64_t id);
void signature_clear(struct signature *);

/* What they are made with; all borrowed. */
struct signature_means {
	const struct vault *vault;
	struct sp_view ticket_key; /* empty: there is none yet */
	uint64_t ticket_life; /* milliseconds */
};

/* Who asks. Of a session only that it is none, and its listener. */
struct signature_asker {
	bool is_gate;
	struct sp_view listener; /* of a session, whatever it says */
	uint32_t gate; /* its number */
	struct sp_view link; /* the secret shared with it */
	struct serials *serials; /* those of it that had their ticket */
};

/*
 * Fills in what a SIGN comes to: the exchange hash with the host key put
 * in here, and for a gate's first exchange a ticket, once for each cookie.
 * Whatever it returns, it is to be cleared.
 */
SP_MUST_USE enum sp_status signature_take(struct signature *,
    const struct signature_means *, const struct signature_asker *,
    const struct signing_request *, uint64_t now);

/* Signs, and appends the SIGNED that answers. */
SP_MUST_USE enum sp_status
signature_make(const struct signature *, struct buffer *answer);

/* The same with a signature that was made elsewhere. */
SP_MUST_USE enum sp_status signature_answer(
    const struct signature *, struct sp_view signature, struct buffer *answer);

#endif
