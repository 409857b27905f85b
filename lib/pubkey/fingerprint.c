/* A key's fingerprint as ssh-keygen -l shows it. */
#include "lib/crypto/digest.h"
#include "lib/pubkey/base64.h"

#include <sallyport/key.h>

enum { SHA256_LEN = 32, TEXT_LEN = 44 };

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
