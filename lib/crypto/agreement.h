/*
 * Key agreement in two messages, the shape of RFC 4253 8, RFC 5656 4 and
 * RFC 8731: the client sends a public value, the server answers with its
 * own, both hold a shared secret. One const struct a method.
 *
 * Where the values are numbers they are unsigned and big-endian here: with
 * or without zeros in front as they are made, as an mpint on the wire.
 */
#ifndef SP_CRYPTO_AGREEMENT_H
#define SP_CRYPTO_AGREEMENT_H

#include "lib/wire/buffer.h"
#include "lib/wire/secret.h"

struct sp_crypto;

struct agreement {
	const char *name; /* "x25519" */
	size_t client_len; /* of the client's value: exact, and */
	size_t server_len; /* of numbers the most it may be */
	bool values_are_mpints; /* not strings */
	bool secret_is_string; /* hashed as a string, not as an mpint */
	const struct agreement_ops *ops;
	const void *detail; /* of its ops: a curve, a group */
};

extern const struct agreement x25519_agreement;
extern const struct agreement hybrid_mlkem768;
extern const struct agreement hybrid_sntrup761;
extern const struct agreement nistcurve_256;
extern const struct agreement nistcurve_384;
extern const struct agreement nistcurve_521;
extern const struct agreement dh_group14;
extern const struct agreement dh_group16;
extern const struct agreement dh_group18;
/* The form of those in a group that is agreed on first (dh.h). */
extern const struct agreement dh_exchanged;

/* The client's side between its two steps. */
struct agreement_state;

/*
 * Client: makes a key pair; its public value is appended to client_value.
 * The agreement is borrowed for as long as the state lives.
 */
SP_MUST_USE enum sp_status
agreement_start(const struct agreement *, const struct sp_crypto *,
    struct buffer *client_value, struct agreement_state **state);
void agreement_free(struct agreement_state *);

/*
 * Server: appends its public value and fills the shared secret.
 * SP_ERR_KEX_VALUE for a value of wrong length or form, of low order, out
 * of range, off the curve, or with a result of zero.
 */
SP_MUST_USE enum sp_status agreement_respond(const struct agreement *,
    const struct sp_crypto *, struct sp_view client_value,
    struct buffer *server_value, struct secret *shared);

/* Client: the server's value completes it. */
SP_MUST_USE enum sp_status agreement_finish(struct agreement_state *,
    struct sp_view server_value, struct secret *shared);

#endif
