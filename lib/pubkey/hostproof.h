/*
 * A server's proof that it holds the private half of a host key that is
 * not in use: what "hostkeys-prove-00@openssh.com" is answered with
 * (OpenSSH's PROTOCOL 2.5).
 */
#ifndef SP_PUBKEY_HOSTPROOF_H
#define SP_PUBKEY_HOSTPROOF_H

#include "lib/wire/buffer.h"

struct sp_crypto;

/* The name of the request, with which what is signed begins. */
extern const char hostproof_request[];

/* Appends what is signed. Nothing else that a host key signs is like it. */
SP_MUST_USE enum sp_status hostproof_write(
    struct sp_view session_id, struct sp_view host_key, struct buffer *out);

/*
 * As sp_key_verify(), with any algorithm that the key's type allows, which
 * the signature names.
 */
SP_MUST_USE enum sp_status
hostproof_verify(const struct sp_crypto *, struct sp_view session_id,
    struct sp_view host_key, struct sp_view signature);

#endif
