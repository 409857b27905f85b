/*
 * A key encapsulation and X25519 side by side, for the client that fears
 * for one of the two: values are joined, and the shared secret is a hash of
 * both (RFC 9941 and draft-ietf-sshm-mlkem-hybrid-kex).
 */
#include "lib/crypto/agreement_ops.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/kem.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum { X25519_LEN = 32 };

/* What an agreement's detail points at. */
struct hybrid {
	const struct kem *kem;
	enum digest_kind digest;
};

struct hybrid_state {
	struct agreement_state base;
	struct secret key; /* of the encapsulation */
	struct agreement_state *x25519;
};

static struct hybrid_state *
state_of(struct agreement_state *base)
{
	return (struct hybrid_state *)base;
}

static const struct hybrid *
hybrid_of(const struct agreement *agreement)
{
	return agreement->detail;
}

/* Moves X25519's public value out of its buffer. */
static void
move_value(struct buffer *from, uint8_t *to)
{
	memcpy(to, buffer_view(from).data, X25519_LEN);
	buffer_clear(from);
}

static enum sp_status
start(struct agreement_state *base, uint8_t *client_value)
{
	struct hybrid_state *s = state_of(base);
	const struct kem *kem = hybrid_of(base->agreement)->kem;
	struct buffer value;
	enum sp_status status = secret_alloc(&s->key, kem->secret_len);

	if (status == SP_OK)
		status = kem->generate(base->crypto, client_value, s->key.data);
	if (status != SP_OK)
		return status;
	buffer_init(&value, X25519_LEN);
	status = agreement_start(
	    &x25519_agreement, base->crypto, &value, &s->x25519);
	if (status == SP_OK)
		move_value(&value, client_value + kem->public_len);
	buffer_clear(&value);
	return status;
}

static void
clear(struct agreement_state *base)
{
	secret_clear(&state_of(base)->key);
	agreement_free(state_of(base)->x25519);
}

/* The encapsulated secret comes first. */
static enum sp_status
combine(const struct hybrid *hybrid, const struct sp_crypto *crypto,
    const uint8_t encapsulated[KEM_SHARED_LEN], const struct secret *agreed,
    struct secret *shared)
{
	struct sp_view pieces[] = { view_of(encapsulated, KEM_SHARED_LEN),
		secret_view(agreed) };
	struct secret fresh = { NULL, 0 };
	enum sp_status status =
	    secret_alloc(&fresh, digest_len(hybrid->digest));

	if (status == SP_OK)
		status =
		    digest_of(crypto, hybrid->digest, pieces, 2, fresh.data);
	if (status != SP_OK) {
		secret_clear(&fresh);
		return status;
	}
	secret_clear(shared);
	*shared = fresh;
	return SP_OK;
}

static enum sp_status
respond(const struct agreement *agreement, const struct sp_crypto *crypto,
    struct sp_view client_value, uint8_t *server_value, struct secret *shared)
{
	const struct hybrid *hybrid = hybrid_of(agreement);
	const struct kem *kem = hybrid->kem;
	struct sp_view point =
	    view_of(client_value.data + kem->public_len, X25519_LEN);
	uint8_t encapsulated[KEM_SHARED_LEN];
	struct secret agreed = { NULL, 0 };
	struct buffer value;
	enum sp_status status;

	buffer_init(&value, X25519_LEN);
	/* First what costs less, and fails for a bad point. */
	status = agreement_respond(
	    &x25519_agreement, crypto, point, &value, &agreed);
	if (status == SP_OK)
		status = kem->encapsulate(
		    crypto, client_value.data, server_value, encapsulated);
	if (status == SP_OK)
		status = combine(hybrid, crypto, encapsulated, &agreed, shared);
	if (status == SP_OK)
		move_value(&value, server_value + kem->ciphertext_len);
	OPENSSL_cleanse(encapsulated, sizeof encapsulated);
	secret_clear(&agreed);
	buffer_clear(&value);
	return status;
}

static enum sp_status
finish(struct agreement_state *base, struct sp_view server_value,
    struct secret *shared)
{
	struct hybrid_state *s = state_of(base);
	const struct hybrid *hybrid = hybrid_of(base->agreement);
	const struct kem *kem = hybrid->kem;
	struct sp_view point =
	    view_of(server_value.data + kem->ciphertext_len, X25519_LEN);
	uint8_t encapsulated[KEM_SHARED_LEN];
	struct secret agreed = { NULL, 0 };
	enum sp_status status;

	status = agreement_finish(s->x25519, point, &agreed);
	if (status == SP_OK)
		status = kem->decapsulate(
		    base->crypto, s->key.data, server_value.data, encapsulated);
	if (status == SP_OK)
		status = combine(
		    hybrid, base->crypto, encapsulated, &agreed, shared);
	OPENSSL_cleanse(encapsulated, sizeof encapsulated);
	secret_clear(&agreed);
	return status;
}

static const struct agreement_ops ops = {
	.state_size = sizeof(struct hybrid_state),
	.start = start,
	.clear = clear,
	.respond = respond,
	.finish = finish,
};

static const struct hybrid mlkem768 = { &mlkem768_kem, DIGEST_SHA256 };

const struct agreement hybrid_mlkem768 = {
	.name = "mlkem768x25519",
	.client_len = 1184 + X25519_LEN,
	.server_len = 1088 + X25519_LEN,
	.secret_is_string = true,
	.ops = &ops,
	.detail = &mlkem768,
};

static const struct hybrid sntrup761 = { &sntrup761_kem, DIGEST_SHA512 };

const struct agreement hybrid_sntrup761 = {
	.name = "sntrup761x25519",
	.client_len = 1158 + X25519_LEN,
	.server_len = 1039 + X25519_LEN,
	.secret_is_string = true,
	.ops = &ops,
	.detail = &sntrup761,
};
