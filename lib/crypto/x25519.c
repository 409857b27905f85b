/* X25519 (RFC 7748) as RFC 8731 uses it in key exchange. */
#include "lib/crypto/agreement_ops.h"
#include "lib/crypto/crypto.h"

#include <openssl/crypto.h>

enum { X25519_LEN = 32 };

struct x25519_state {
	struct agreement_state base;
	EVP_PKEY *pair;
};

static struct x25519_state *
state_of(struct agreement_state *base)
{
	return (struct x25519_state *)base;
}

static enum sp_status
generate(EVP_PKEY **pair, uint8_t *public_value)
{
	EVP_PKEY *fresh = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	size_t len = X25519_LEN;

	if (fresh == NULL)
		return SP_ERR_CRYPTO;
	if (EVP_PKEY_get_raw_public_key(fresh, public_value, &len) != 1 ||
	    len != X25519_LEN) {
		EVP_PKEY_free(fresh);
		return SP_ERR_CRYPTO;
	}
	*pair = fresh;
	return SP_OK;
}

/*
 * RFC 8731 3: a shared secret of zeros, which every value of low order
 * leads to, ends the key exchange. OpenSSL fails on it by itself, which is
 * not left to chance here.
 */
static bool
is_all_zero(const struct secret *s)
{
	static const uint8_t zeros[X25519_LEN];

	return CRYPTO_memcmp(s->data, zeros, X25519_LEN) == 0;
}

/*
 * The peer's value has its length and any 32 bytes are a point, so a
 * derivation that fails does so for its value.
 */
static enum sp_status
derive(EVP_PKEY_CTX *ctx, EVP_PKEY *peer, struct secret *shared)
{
	struct secret fresh = { NULL, 0 };
	size_t len = X25519_LEN;
	enum sp_status status;

	if (EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1)
		return SP_ERR_CRYPTO;
	status = secret_alloc(&fresh, X25519_LEN);
	if (status != SP_OK)
		return status;
	if (EVP_PKEY_derive(ctx, fresh.data, &len) != 1 || len != X25519_LEN ||
	    is_all_zero(&fresh)) {
		secret_clear(&fresh);
		return SP_ERR_KEX_VALUE;
	}
	secret_clear(shared);
	*shared = fresh;
	return SP_OK;
}

static enum sp_status
agree(EVP_PKEY *pair, struct sp_view peer_value, struct secret *shared)
{
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(
	    NULL, "X25519", NULL, peer_value.data, peer_value.len);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL);
	enum sp_status status = SP_ERR_CRYPTO;

	if (peer != NULL && ctx != NULL)
		status = derive(ctx, peer, shared);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return status;
}

static enum sp_status
start(struct agreement_state *base, uint8_t *client_value)
{
	return generate(&state_of(base)->pair, client_value);
}

static void
clear(struct agreement_state *base)
{
	EVP_PKEY_free(state_of(base)->pair);
}

static enum sp_status
respond(const struct agreement *agreement, const struct sp_crypto *crypto,
    struct sp_view client_value, uint8_t *server_value, struct secret *shared)
{
	EVP_PKEY *pair = NULL;
	enum sp_status status = generate(&pair, server_value);

	(void)agreement;
	(void)crypto;
	if (status == SP_OK)
		status = agree(pair, client_value, shared);
	EVP_PKEY_free(pair);
	return status;
}

static enum sp_status
finish(struct agreement_state *base, struct sp_view server_value,
    struct secret *shared)
{
	return agree(state_of(base)->pair, server_value, shared);
}

static const struct agreement_ops ops = {
	.state_size = sizeof(struct x25519_state),
	.start = start,
	.clear = clear,
	.respond = respond,
	.finish = finish,
};

const struct agreement x25519_agreement = {
	.name = "x25519",
	.client_len = X25519_LEN,
	.server_len = X25519_LEN,
	.ops = &ops,
};
