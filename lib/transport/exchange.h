/*
 * The exchange hash (RFC 4253 8, RFC 5656 4): computed by the engine and,
 * on its own, by the keyholder, which sees no packet.
 */
#ifndef SP_TRANSPORT_EXCHANGE_H
#define SP_TRANSPORT_EXCHANGE_H

#include "lib/wire/view.h"

struct sp_crypto;

/* What is hashed, each field without its length; all borrowed. */
struct exchange {
	struct sp_view method; /* "curve25519-sha256" */
	struct sp_view client_identification;
	struct sp_view server_identification;
	struct sp_view client_kexinit; /* payload, with its message number */
	struct sp_view server_kexinit;
	struct sp_view host_key; /* public blob */
	struct sp_view client_value;
	struct sp_view server_value;
	struct sp_view shared; /* the secret, as an unsigned number */
};

/*
 * hash has room for DIGEST_MAX bytes. SP_ERR_NO_KEX for a method that is
 * not there.
 */
SP_MUST_USE enum sp_status exchange_hash(const struct sp_crypto *,
    const struct exchange *, uint8_t *hash, size_t *len);

#endif
