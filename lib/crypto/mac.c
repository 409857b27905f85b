/* HMAC with one key, packet after packet. */
#include "lib/crypto/mac.h"

#include "lib/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

static const struct mac rows[] = {
	{ "hmac-sha2-256-etm@openssh.com", ALGORITHM_MODERN, DIGEST_SHA256, 32,
	    true },
	{ "hmac-sha2-512-etm@openssh.com", ALGORITHM_MODERN, DIGEST_SHA512, 64,
	    true },
	{ "hmac-sha2-256", ALGORITHM_COMPATIBLE, DIGEST_SHA256, 32, false },
	{ "hmac-sha2-512", ALGORITHM_COMPATIBLE, DIGEST_SHA512, 64, false },
};

const struct mac *
mac_find(struct sp_view name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (view_equal_string(name, rows[i].name))
			return &rows[i];
	return NULL;
}

const char *
mac_row(size_t index, enum algorithm_set *set)
{
	if (index >= sizeof rows / sizeof rows[0])
		return NULL;
	*set = rows[index].set;
	return rows[index].name;
}

enum sp_status
mac_new(const struct mac *mac, const struct sp_crypto *crypto,
    const uint8_t *key, EVP_MAC_CTX **ctx)
{
	/* OpenSSL takes parameters as char * and does not write to them. */
	char *name = (char *)(uintptr_t)digest_name(mac->digest);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *c = EVP_MAC_CTX_new(crypto->hmac);

	if (c == NULL)
		return SP_ERR_MEMORY;
	if (EVP_MAC_init(c, key, mac->len, params) != 1) {
		EVP_MAC_CTX_free(c);
		return SP_ERR_CRYPTO;
	}
	*ctx = c;
	return SP_OK;
}

bool
mac_tag(EVP_MAC_CTX *ctx, uint32_t sequence, const uint8_t *packet, size_t len,
    uint8_t tag[MAC_LEN_MAX])
{
	const uint8_t number[4] = { (uint8_t)(sequence >> 24),
		(uint8_t)(sequence >> 16), (uint8_t)(sequence >> 8),
		(uint8_t)sequence };
	size_t tag_len;

	/* No key: the one set before. */
	return EVP_MAC_init(ctx, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(ctx, number, sizeof number) == 1 &&
	    EVP_MAC_update(ctx, packet, len) == 1 &&
	    EVP_MAC_final(ctx, tag, &tag_len, MAC_LEN_MAX) == 1;
}
