/*
 * Key agreement in two messages, the shape of RFC 5656 4 and RFC 8731:
 * the client sends a public value, the server answers with its own, both
 * hold a shared secret. One const struct a method.
 */
#ifndef SP_CRYPTO_AGREEMENT_H
#define SP_CRYPTO_AGREEMENT_H

#include "lib/wire/buffer.h"
#include "lib/wire/secret.h"

struct sp_crypto;

struct agreement {
	const char *name; /* "x25519" */
	size_t client_len; /* exact length of the client's value */
	size_t server_len; /* exact length of the server's value */
	bool secret_is_string; /* hashed as a string, not as an mpint */
	const struct agreement_ops *ops;
};

extern const struct agreement x25519_agreement;

/* The client's side between its two steps. */
struct agreement_state;

/* Client: makes a key pair; its public value is appended to client_value. */
SP_MUST_USE enum sp_status
agreement_start(const struct agreement *, const struct sp_crypto *,
    struct buffer *client_value, struct agreement_state **state);
void agreement_free(struct agreement_state *);

/*
 * Server: appends its public value and fills the shared secret.
 * SP_ERR_KEX_VALUE for a value of wrong length, low order or zero result.
 */
SP_MUST_USE enum sp_status agreement_respond(const struct agreement *,
    const struct sp_crypto *, struct sp_view client_value,
    struct buffer *server_value, struct secret *shared);

/* Client: the server's value completes it. */
SP_MUST_USE enum sp_status agreement_finish(struct agreement_state *,
    struct sp_view server_value, struct secret *shared);

#endif
