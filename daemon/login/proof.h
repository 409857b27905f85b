/*
 * A proof by a key, the user's (RFC 4252 7) or his host's (RFC 4252 9): the
 * signature must be over this very session, user, service and key, put
 * together here from what login knows by itself. Nothing of it is the
 * gate's word.
 */
#ifndef SP_LOGIN_PROOF_H
#define SP_LOGIN_PROOF_H

#include "daemon/ipc/authentication.h"
#include "daemon/login/certified.h"

/* The key is the request's, read; by its method it is whose. */
struct proof {
	const struct authentication_request *request;
	const struct certified *key;
};

/*
 * SP_OK when the client, or his host, holds the private key; see
 * sp_key_verify_presence(): nobody need have touched an authenticator.
 */
SP_MUST_USE enum sp_status proof_verify(const struct sp_crypto *,
    struct sp_view session_id, const struct proof *, struct sp_key_presence *);

/*
 * False for a proof that is bound to another host key than the one that
 * signed this session: its SHA-256, of the ticket.
 */
bool proof_is_for_host(const struct sp_crypto *, struct sp_view host_key_hash,
    const struct authentication_request *);

/* True when the key is one that could prove anything here. */
bool proof_is_possible(const struct sp_crypto *, const struct certified *);

#endif
