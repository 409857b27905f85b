/*
 * Public key and signature blobs, each behind its length: nothing but the
 * one right signature verifies, whatever the two look like.
 */
#include "lib/limits.h"
#include "lib/wire/reader.h"
#include "tests/fuzz/target.h"

#include <sallyport/key.h>
#include <stdlib.h>

static struct sp_crypto *crypto;

static void
free_crypto(void)
{
	sp_crypto_free(crypto);
}

static const char *const algorithms[] = { "ssh-ed25519", "rsa-sha2-512",
	"rsa-sha2-256", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256@openssh.com" };

static void
try_algorithm(struct sp_view algorithm, struct sp_view blob,
    struct sp_view signature, struct sp_view message)
{
	struct sp_view changed = view_of(signature.data, signature.len - 1);

	if (sp_key_verify(crypto, blob, algorithm, message, signature) != SP_OK)
		return;
	TARGET_ASSERT(blob.len <= LIMIT_KEY_BLOB);
	TARGET_ASSERT(signature.len <= SP_SIGNATURE_MAX);
	TARGET_ASSERT(sp_key_verify(crypto, blob, algorithm, message,
			  changed) == SP_ERR_SIGNATURE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view blob, signature, message;
	struct reader r;

	if (crypto == NULL) {
		crypto = sp_crypto_new();
		TARGET_ASSERT(crypto != NULL);
		atexit(free_crypto);
	}
	reader_init(&r, view_of(data, size));
	blob = reader_string(&r);
	signature = reader_string(&r);
	message = reader_rest(&r);
	if (r.failed || signature.len == 0)
		return 0;
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		try_algorithm(
		    view_of_string(algorithms[i]), blob, signature, message);
	return 0;
}
