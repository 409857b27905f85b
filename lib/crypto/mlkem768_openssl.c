/*
 * ML-KEM-768 (FIPS 203) of OpenSSL 3.5 and newer. Keys are encoded as in
 * mlkem768.c, which stands in its place where OpenSSL has none.
 */
#include "lib/crypto/kem.h"

#include <openssl/evp.h>

enum { PUBLIC = 1184, SECRET = 2400, CIPHERTEXT = 1088 };

static const char name[] = "ML-KEM-768";

static enum sp_status
generate(
    const struct sp_crypto *crypto, uint8_t *public_key, uint8_t *secret_key)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, name);
	size_t public_len = PUBLIC, secret_len = SECRET;
	bool good;

	(void)crypto;
	good = pair != NULL &&
	    EVP_PKEY_get_raw_public_key(pair, public_key, &public_len) == 1 &&
	    EVP_PKEY_get_raw_private_key(pair, secret_key, &secret_len) == 1 &&
	    public_len == PUBLIC && secret_len == SECRET;
	EVP_PKEY_free(pair);
	return good ? SP_OK : SP_ERR_CRYPTO;
}

/* OpenSSL makes no key of coefficients past the modulus (7.2). */
static enum sp_status
encapsulate(const struct sp_crypto *crypto, const uint8_t *public_key,
    uint8_t *ciphertext, uint8_t shared[KEM_SHARED_LEN])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(
	    NULL, name, NULL, public_key, PUBLIC);
	size_t ciphertext_len = CIPHERTEXT, shared_len = KEM_SHARED_LEN;
	EVP_PKEY_CTX *ctx;
	bool good;

	(void)crypto;
	if (key == NULL)
		return SP_ERR_KEX_VALUE;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	good = ctx != NULL && EVP_PKEY_encapsulate_init(ctx, NULL) == 1 &&
	    EVP_PKEY_encapsulate(
		ctx, ciphertext, &ciphertext_len, shared, &shared_len) == 1 &&
	    ciphertext_len == CIPHERTEXT && shared_len == KEM_SHARED_LEN;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good ? SP_OK : SP_ERR_CRYPTO;
}

static enum sp_status
decapsulate(const struct sp_crypto *crypto, const uint8_t *secret_key,
    const uint8_t *ciphertext, uint8_t shared[KEM_SHARED_LEN])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(
	    NULL, name, NULL, secret_key, SECRET);
	EVP_PKEY_CTX *ctx =
	    key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t shared_len = KEM_SHARED_LEN;
	bool good;

	(void)crypto;
	good = ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
	    EVP_PKEY_decapsulate(
		ctx, shared, &shared_len, ciphertext, CIPHERTEXT) == 1 &&
	    shared_len == KEM_SHARED_LEN;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good ? SP_OK : SP_ERR_CRYPTO;
}

const struct kem mlkem768_kem = {
	.name = "mlkem768",
	.public_len = PUBLIC,
	.secret_len = SECRET,
	.ciphertext_len = CIPHERTEXT,
	.generate = generate,
	.encapsulate = encapsulate,
	.decapsulate = decapsulate,
};
