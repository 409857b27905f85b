/*
 * The exchange hash (RFC 4253 8, RFC 5656 4): computed by the engine and,
 * on its own, by the keyholder, which sees no packet.
 */
#ifndef SP_TRANSPORT_EXCHANGE_H
#define SP_TRANSPORT_EXCHANGE_H

#include "lib/wire/view.h"

struct sp_crypto;
struct sp_event;

/* What is hashed, each field without its length; all borrowed. */
struct exchange {
	struct sp_view method; /* "curve25519-sha256" */
	struct sp_view client_identification;
	struct sp_view server_identification;
	struct sp_view client_kexinit; /* payload, with its message number */
	struct sp_view server_kexinit;
	struct sp_view host_key; /* public blob */
	/*
	 * Of a group exchange: min, n and max as they were asked for, p and
	 * g, encoded as they are hashed (RFC 4419 3). Else empty.
	 */
	struct sp_view group;
	struct sp_view client_value; /* numbers are unsigned */
	struct sp_view server_value;
	struct sp_view shared; /* the secret, as an unsigned number */
};

/* What SP_EVENT_SIGN_EXCHANGE asks to be signed; borrowed from the event. */
struct exchange exchange_of_event(const struct sp_event *);

/*
 * hash has room for DIGEST_MAX bytes. SP_ERR_NO_KEX for a method that is
 * not there, SP_ERR_FORMAT for a group that does not belong to it.
 */
SP_MUST_USE enum sp_status exchange_hash(const struct sp_crypto *,
    const struct exchange *, uint8_t *hash, size_t *len);

#endif
