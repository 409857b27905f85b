/* Hashes and HMAC over several pieces. */
#include "lib/crypto/digest.h"

#include "lib/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

static const struct {
	size_t len;
	const char *name;
} kinds[] = {
	[DIGEST_SHA256] = { 32, "SHA256" },
	[DIGEST_SHA384] = { 48, "SHA384" },
	[DIGEST_SHA512] = { 64, "SHA512" },
};

static const EVP_MD *
fetched(const struct sp_crypto *crypto, enum digest_kind kind)
{
	switch (kind) {
	case DIGEST_SHA256:
		return crypto->sha256;
	case DIGEST_SHA384:
		return crypto->sha384;
	case DIGEST_SHA512:
		return crypto->sha512;
	}
	return NULL;
}

size_t
digest_len(enum digest_kind kind)
{
	return kinds[kind].len;
}

const char *
digest_name(enum digest_kind kind)
{
	return kinds[kind].name;
}

enum sp_status
digest_of(const struct sp_crypto *crypto, enum digest_kind kind,
    const struct sp_view *pieces, size_t n, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	if (ctx == NULL)
		return SP_ERR_MEMORY;
	good = EVP_DigestInit_ex2(ctx, fetched(crypto, kind), NULL) == 1;
	for (size_t i = 0; good && i < n; i++)
		good = pieces[i].len == 0 ||
		    EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].len) == 1;
	good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return good ? SP_OK : SP_ERR_CRYPTO;
}

enum sp_status
digest_hmac(const struct sp_crypto *crypto, enum digest_kind kind,
    struct sp_view key, const struct sp_view *pieces, size_t n, uint8_t *out)
{
	/* OpenSSL takes parameters as char * and does not write to them. */
	char *name = (char *)(uintptr_t)kinds[kind].name;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(crypto->hmac);
	size_t len = 0;
	bool good;

	if (ctx == NULL)
		return SP_ERR_MEMORY;
	/* A NULL key would mean "the key set before". */
	if (key.len == 0)
		key.data = (const uint8_t *)"";
	good = EVP_MAC_init(ctx, key.data, key.len, params) == 1;
	for (size_t i = 0; good && i < n; i++)
		good = pieces[i].len == 0 ||
		    EVP_MAC_update(ctx, pieces[i].data, pieces[i].len) == 1;
	good = good && EVP_MAC_final(ctx, out, &len, kinds[kind].len) == 1;
	EVP_MAC_CTX_free(ctx);
	return good ? SP_OK : SP_ERR_CRYPTO;
}
