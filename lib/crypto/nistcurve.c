/* ECDH over the NIST curves (RFC 5656 4): points are uncompressed. */
#include "lib/crypto/agreement_ops.h"
#include "lib/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

enum { COORDINATE_MAX = 66, POINT_MAX = 1 + 2 * COORDINATE_MAX };

/* The first byte of a point that is neither compressed nor infinity. */
enum { UNCOMPRESSED = 4 };

struct nistcurve_state {
	struct agreement_state base;
	EVP_PKEY *pair;
};

static struct nistcurve_state *
state_of(struct agreement_state *base)
{
	return (struct nistcurve_state *)base;
}

static enum sp_status
generate(const struct agreement *agreement, EVP_PKEY **pair, uint8_t *point)
{
	const char *curve = agreement->detail;
	EVP_PKEY *fresh = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
	size_t len = 0;

	if (fresh == NULL)
		return SP_ERR_CRYPTO;
	if (EVP_PKEY_get_octet_string_param(fresh, OSSL_PKEY_PARAM_PUB_KEY,
		point, agreement->client_len, &len) != 1 ||
	    len != agreement->client_len || point[0] != UNCOMPRESSED) {
		EVP_PKEY_free(fresh);
		return SP_ERR_CRYPTO;
	}
	*pair = fresh;
	return SP_OK;
}

/* NULL where the point is not on the curve, too. */
static EVP_PKEY *
import(const struct agreement *agreement, struct sp_view point)
{
	/* OpenSSL takes parameters as void * and does not write to them. */
	char *curve = (char *)(uintptr_t)agreement->detail;
	uint8_t *bytes = (uint8_t *)(uintptr_t)point.data;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, bytes, point.len),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *peer = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &peer, EVP_PKEY_PUBLIC_KEY, params) != 1)
		peer = NULL;
	EVP_PKEY_CTX_free(ctx);
	return peer;
}

/*
 * The peer's point was found on the curve when it was imported, and the
 * curve has no other points but of its prime order.
 */
static enum sp_status
derive(EVP_PKEY_CTX *ctx, EVP_PKEY *peer, struct secret *shared)
{
	struct secret fresh = { NULL, 0 };
	enum sp_status status;
	size_t len = 0;

	if (EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1 ||
	    EVP_PKEY_derive(ctx, NULL, &len) != 1 || len > COORDINATE_MAX)
		return SP_ERR_CRYPTO;
	status = secret_alloc(&fresh, len);
	if (status != SP_OK)
		return status;
	if (EVP_PKEY_derive(ctx, fresh.data, &len) != 1 || len != fresh.len) {
		secret_clear(&fresh);
		return SP_ERR_KEX_VALUE;
	}
	secret_clear(shared);
	*shared = fresh;
	return SP_OK;
}

static enum sp_status
agree(const struct agreement *agreement, EVP_PKEY *pair, struct sp_view point,
    struct secret *shared)
{
	enum sp_status status = SP_ERR_CRYPTO;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *peer;

	if (point.data[0] != UNCOMPRESSED)
		return SP_ERR_KEX_VALUE;
	peer = import(agreement, point);
	if (peer == NULL)
		return SP_ERR_KEX_VALUE;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL);
	if (ctx != NULL)
		status = derive(ctx, peer, shared);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return status;
}

static enum sp_status
start(struct agreement_state *base, uint8_t *client_value)
{
	return generate(base->agreement, &state_of(base)->pair, client_value);
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
	enum sp_status status = generate(agreement, &pair, server_value);

	(void)crypto;
	if (status == SP_OK)
		status = agree(agreement, pair, client_value, shared);
	EVP_PKEY_free(pair);
	return status;
}

static enum sp_status
finish(struct agreement_state *base, struct sp_view server_value,
    struct secret *shared)
{
	return agree(
	    base->agreement, state_of(base)->pair, server_value, shared);
}

static const struct agreement_ops ops = {
	.state_size = sizeof(struct nistcurve_state),
	.start = start,
	.clear = clear,
	.respond = respond,
	.finish = finish,
};

#define CURVE(curve, coordinate) \
	{ \
		.name = curve, .client_len = 1 + 2 * (coordinate), \
		.server_len = 1 + 2 * (coordinate), .ops = &ops, \
		.detail = curve \
	}

const struct agreement nistcurve_256 = CURVE("P-256", 32);
const struct agreement nistcurve_384 = CURVE("P-384", 48);
const struct agreement nistcurve_521 = CURVE("P-521", COORDINATE_MAX);
