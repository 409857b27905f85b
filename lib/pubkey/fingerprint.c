/* A key's fingerprints as ssh-keygen -l shows them. */
#include "lib/crypto/digest.h"
#include "lib/pubkey/base64.h"

#include <openssl/evp.h>
#include <sallyport/key.h>

enum { SHA256_LEN = 32, TEXT_LEN = 44, MD5_LEN = 16 };

static const char prefix[] = "SHA256:";

enum sp_status
sp_key_fingerprint(const struct sp_crypto *crypto, struct sp_view key_blob,
    char fingerprint[SP_FINGERPRINT_SIZE])
{
	uint8_t hash[SHA256_LEN];
	char text[TEXT_LEN];
	enum sp_status status =
	    digest_of(crypto, DIGEST_SHA256, &key_blob, 1, hash);

	if (status != SP_OK)
		return status;
	base64_encode(view_of(hash, sizeof hash), text);
	text[TEXT_LEN - 1] = '\0'; /* the one '=' is not shown */
	memcpy(fingerprint, prefix, sizeof prefix - 1);
	memcpy(fingerprint + sizeof prefix - 1, text, sizeof text);
	return SP_OK;
}

enum sp_status
sp_key_fingerprint_md5(
    struct sp_view key_blob, char fingerprint[SP_FINGERPRINT_MD5_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hash[MD5_LEN];
	char *at = fingerprint;
	size_t len = 0;

	/* Not among the algorithms kept: shown now and then, never relied on. */
	if (EVP_Q_digest(NULL, "MD5", NULL, key_blob.data, key_blob.len, hash,
		&len) != 1 ||
	    len != MD5_LEN)
		return SP_ERR_CRYPTO;
	memcpy(at, "MD5", 3);
	at += 3;
	for (size_t i = 0; i < MD5_LEN; i++) {
		*at++ = ':';
		*at++ = digits[hash[i] >> 4];
		*at++ = digits[hash[i] & 15];
	}
	*at = '\0';
	return SP_OK;
}
