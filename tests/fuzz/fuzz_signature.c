/*
 * Public key and signature blobs, each behind its length: nothing but the
 * one right signature verifies, whatever the two look like.
 */
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view blob, signature, message, changed;
	struct sp_view algorithm = view_of_string("ssh-ed25519");
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
	if (r.failed ||
	    sp_key_verify(crypto, blob, algorithm, message, signature) != SP_OK)
		return 0;
	TARGET_ASSERT(blob.len == 51);
	TARGET_ASSERT(signature.len == 83);
	changed = view_of(signature.data, signature.len - 1);
	TARGET_ASSERT(sp_key_verify(crypto, blob, algorithm, message,
			  changed) == SP_ERR_SIGNATURE);
	return 0;
}
