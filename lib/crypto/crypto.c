/* Fetches every OpenSSL algorithm once, and runs once what fetches inside. */
#include "lib/crypto/crypto.h"

#include "lib/crypto/agreement.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"

#include <stdlib.h>

static bool
fetch_ciphers(struct sp_crypto *c)
{
	c->aes128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	c->aes256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	c->aes128_ctr = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
	c->aes192_ctr = EVP_CIPHER_fetch(NULL, "AES-192-CTR", NULL);
	c->aes256_ctr = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	c->chacha20 = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
	c->poly1305 = EVP_MAC_fetch(NULL, "POLY1305", NULL);
	c->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	return c->aes128_gcm != NULL && c->aes256_gcm != NULL &&
	    c->aes128_ctr != NULL && c->aes192_ctr != NULL &&
	    c->aes256_ctr != NULL && c->chacha20 != NULL &&
	    c->poly1305 != NULL && c->hmac != NULL;
}

static bool
fetch_all(struct sp_crypto *c)
{
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
	c->sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
	c->x25519 = EVP_KEYMGMT_fetch(NULL, "X25519", NULL);
	c->ed25519 = EVP_KEYMGMT_fetch(NULL, "ED25519", NULL);
	c->ed25519_signature = EVP_SIGNATURE_fetch(NULL, "ED25519", NULL);
	return fetch_ciphers(c) && c->sha256 != NULL && c->sha384 != NULL &&
	    c->sha512 != NULL && c->x25519 != NULL && c->ed25519 != NULL &&
	    c->ed25519_signature != NULL;
}

/* Both sides of one agreement: key generation, import and derivation. */
static enum sp_status
warm_agreement(const struct sp_crypto *c, const struct agreement *agreement)
{
	struct agreement_state *client = NULL;
	struct secret shared = { NULL, 0 };
	struct buffer client_value, server_value;
	enum sp_status status;

	buffer_init(&client_value, agreement->client_len);
	buffer_init(&server_value, agreement->server_len);
	status = agreement_start(agreement, c, &client_value, &client);
	if (status == SP_OK)
		status = agreement_respond(agreement, c,
		    buffer_view(&client_value), &server_value, &shared);
	if (status == SP_OK)
		status = agreement_finish(
		    client, buffer_view(&server_value), &shared);
	agreement_free(client);
	secret_clear(&shared);
	buffer_clear(&client_value);
	buffer_clear(&server_value);
	return status;
}

/* One signature made and verified. */
static enum sp_status
warm_signature(void)
{
	static const uint8_t message[1] = { 0 };
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *sign = EVP_MD_CTX_new();
	EVP_MD_CTX *verify = EVP_MD_CTX_new();
	uint8_t signature[64];
	size_t len = sizeof signature;
	bool done;

	done = pair != NULL && sign != NULL && verify != NULL &&
	    EVP_DigestSignInit_ex(sign, NULL, NULL, NULL, NULL, pair, NULL) ==
		1 &&
	    EVP_DigestSign(sign, signature, &len, message, sizeof message) ==
		1 &&
	    EVP_DigestVerifyInit_ex(
		verify, NULL, NULL, NULL, NULL, pair, NULL) == 1 &&
	    EVP_DigestVerify(verify, signature, len, message, sizeof message) ==
		1;
	EVP_MD_CTX_free(verify);
	EVP_MD_CTX_free(sign);
	EVP_PKEY_free(pair);
	return done ? SP_OK : SP_ERR_CRYPTO;
}

/*
 * Some operations fetch by name inside OpenSSL, which keeps what it found
 * for the whole process: done here once, a child that was forked later
 * finds all of it there.
 */
static enum sp_status
warm(const struct sp_crypto *c)
{
	static const struct sp_view piece = { (const uint8_t *)"", 1 };
	uint8_t scratch[DIGEST_MAX];
	enum sp_status status = random_bytes(scratch, sizeof scratch);

	if (status == SP_OK)
		status =
		    digest_hmac(c, DIGEST_SHA256, piece, &piece, 1, scratch);
	if (status == SP_OK)
		status =
		    digest_hmac(c, DIGEST_SHA512, piece, &piece, 1, scratch);
	if (status == SP_OK)
		status = warm_agreement(c, &x25519_agreement);
	if (status == SP_OK)
		status = warm_agreement(c, &nistcurve_256);
	if (status == SP_OK)
		status = warm_agreement(c, &hybrid_mlkem768);
	if (status == SP_OK)
		status = warm_signature();
	return status;
}

struct sp_crypto *
sp_crypto_new(void)
{
	struct sp_crypto *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	if (!fetch_all(c) || warm(c) != SP_OK) {
		sp_crypto_free(c);
		return NULL;
	}
	return c;
}

void
sp_crypto_free(struct sp_crypto *c)
{
	if (c == NULL)
		return;
	EVP_MD_free(c->sha256);
	EVP_MD_free(c->sha384);
	EVP_MD_free(c->sha512);
	EVP_CIPHER_free(c->aes128_gcm);
	EVP_CIPHER_free(c->aes256_gcm);
	EVP_CIPHER_free(c->aes128_ctr);
	EVP_CIPHER_free(c->aes192_ctr);
	EVP_CIPHER_free(c->aes256_ctr);
	EVP_CIPHER_free(c->chacha20);
	EVP_MAC_free(c->poly1305);
	EVP_MAC_free(c->hmac);
	EVP_KEYMGMT_free(c->x25519);
	EVP_KEYMGMT_free(c->ed25519);
	EVP_SIGNATURE_free(c->ed25519_signature);
	free(c);
}
