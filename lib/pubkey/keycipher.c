/* The ciphers of OpenSSH's private key files. */
#include "lib/pubkey/keycipher.h"

#include "lib/crypto/crypto.h"

#include <limits.h>
#include <openssl/crypto.h>

enum { POLY_KEY_LEN = 32, CHACHA_KEY_LEN = 32, CHACHA_IV_LEN = 16 };

static const struct keycipher ciphers[] = {
	{ "aes256-ctr", "AES-256-CTR", 32, 16, 16, 0 },
	{ "aes192-ctr", "AES-192-CTR", 24, 16, 16, 0 },
	{ "aes128-ctr", "AES-128-CTR", 16, 16, 16, 0 },
	{ "aes256-cbc", "AES-256-CBC", 32, 16, 16, 0 },
	{ "aes192-cbc", "AES-192-CBC", 24, 16, 16, 0 },
	{ "aes128-cbc", "AES-128-CBC", 16, 16, 16, 0 },
	{ "aes256-gcm@openssh.com", "AES-256-GCM", 32, 12, 16, 16 },
	{ "aes128-gcm@openssh.com", "AES-128-GCM", 16, 12, 16, 16 },
	/* Two keys, of which the second is for packet lengths alone. */
	{ "chacha20-poly1305@openssh.com", NULL, 64, 0, 8, 16 },
};

const struct keycipher *
keycipher_find(struct sp_view name)
{
	for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++)
		if (view_equal_string(name, ciphers[i].name))
			return &ciphers[i];
	return NULL;
}

/* ---- ciphers of OpenSSL ---- */

/* GCM's tag is checked when the last is opened, and there when sealed. */
static bool
pass(EVP_CIPHER_CTX *ctx, const struct keycipher *cipher, bool seals,
    uint8_t *section, size_t len, uint8_t *tag)
{
	int done = 0, last = 0;

	if (!seals && cipher->tag_len > 0 &&
	    EVP_CIPHER_CTX_ctrl(
		ctx, EVP_CTRL_AEAD_SET_TAG, (int)cipher->tag_len, tag) != 1)
		return false;
	if (EVP_CipherUpdate(ctx, section, &done, section, (int)len) != 1 ||
	    EVP_CipherFinal_ex(ctx, section + done, &last) != 1 ||
	    (size_t)done + (size_t)last != len)
		return false;
	return !seals || cipher->tag_len == 0 ||
	    EVP_CIPHER_CTX_ctrl(
		ctx, EVP_CTRL_AEAD_GET_TAG, (int)cipher->tag_len, tag) == 1;
}

static enum sp_status
run(const struct keycipher *cipher, bool seals, const uint8_t *secret,
    uint8_t *section, size_t len, uint8_t *tag)
{
	EVP_CIPHER *fetched =
	    EVP_CIPHER_fetch(NULL, cipher->openssl_name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	enum sp_status status = SP_ERR_CRYPTO;

	if (fetched != NULL && ctx != NULL &&
	    EVP_CipherInit_ex2(ctx, fetched, secret, secret + cipher->key_len,
		seals ? 1 : 0, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1)
		status = pass(ctx, cipher, seals, section, len, tag)
		    ? SP_OK
		    : SP_ERR_MAC;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(fetched);
	return status;
}

/* ---- chacha20-poly1305@openssh.com, as packet number 0 ---- */

/* The stream from a block on, over the bytes of data. */
static bool
chacha_stream(const struct sp_crypto *crypto, const uint8_t *key, uint8_t block,
    uint8_t *data, size_t len)
{
	const uint8_t iv[CHACHA_IV_LEN] = { block };
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int done = 0;
	bool is_done;

	if (ctx == NULL)
		return false;
	is_done =
	    EVP_CipherInit_ex2(ctx, crypto->chacha20, key, iv, 1, NULL) == 1 &&
	    EVP_CipherUpdate(ctx, data, &done, data, (int)len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return is_done;
}

/* Poly1305 with a key that is the stream's first block. */
static bool
poly_tag(const struct sp_crypto *crypto, const uint8_t *key,
    const uint8_t *section, size_t len, uint8_t tag[KEYCIPHER_TAG_MAX])
{
	uint8_t poly_key[POLY_KEY_LEN] = { 0 };
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(crypto->poly1305);
	size_t tag_len = 0;
	bool is_done;

	is_done = ctx != NULL &&
	    chacha_stream(crypto, key, 0, poly_key, sizeof poly_key) &&
	    EVP_MAC_init(ctx, poly_key, sizeof poly_key, NULL) == 1 &&
	    EVP_MAC_update(ctx, section, len) == 1 &&
	    EVP_MAC_final(ctx, tag, &tag_len, KEYCIPHER_TAG_MAX) == 1 &&
	    tag_len == KEYCIPHER_TAG_MAX;
	EVP_MAC_CTX_free(ctx);
	OPENSSL_cleanse(poly_key, sizeof poly_key);
	return is_done;
}

static enum sp_status
seal_chacha(const struct sp_crypto *crypto, const uint8_t *key,
    uint8_t *section, size_t len, uint8_t *tag)
{
	if (!chacha_stream(crypto, key, 1, section, len) ||
	    !poly_tag(crypto, key, section, len, tag))
		return SP_ERR_CRYPTO;
	return SP_OK;
}

static enum sp_status
open_chacha(const struct sp_crypto *crypto, const uint8_t *key,
    uint8_t *section, size_t len, const uint8_t *tag)
{
	uint8_t expected[KEYCIPHER_TAG_MAX];

	if (!poly_tag(crypto, key, section, len, expected))
		return SP_ERR_CRYPTO;
	if (CRYPTO_memcmp(tag, expected, sizeof expected) != 0)
		return SP_ERR_MAC;
	return chacha_stream(crypto, key, 1, section, len) ? SP_OK
							   : SP_ERR_CRYPTO;
}

/* ---- both ---- */

enum sp_status
keycipher_seal(const struct sp_crypto *crypto, const struct keycipher *cipher,
    const uint8_t *secret, uint8_t *section, size_t len, uint8_t *tag)
{
	if (len > INT_MAX)
		return SP_ERR_LIMIT;
	if (cipher->openssl_name == NULL)
		return seal_chacha(crypto, secret, section, len, tag);
	return run(cipher, true, secret, section, len, tag);
}

enum sp_status
keycipher_open(const struct sp_crypto *crypto, const struct keycipher *cipher,
    const uint8_t *secret, uint8_t *section, size_t len, const uint8_t *tag)
{
	uint8_t copy[KEYCIPHER_TAG_MAX];

	if (len > INT_MAX)
		return SP_ERR_LIMIT;
	if (cipher->openssl_name == NULL)
		return open_chacha(crypto, secret, section, len, tag);
	if (cipher->tag_len > 0)
		memcpy(copy, tag, cipher->tag_len);
	return run(cipher, false, secret, section, len, copy);
}
