/* Private key files: what is read can be written and read again. */
#include "lib/wire/view.h"
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
	struct sp_key *key, *again;
	char *text;

	if (crypto == NULL) {
		crypto = sp_crypto_new();
		TARGET_ASSERT(crypto != NULL);
		atexit(free_crypto);
	}
	if (sp_key_parse(crypto, view_of(data, size), NULL, &key) != SP_OK)
		return 0;
	TARGET_ASSERT(sp_key_format(key, "fuzz", &text) == SP_OK);
	TARGET_ASSERT(
	    sp_key_parse(crypto, view_of_string(text), NULL, &again) == SP_OK);
	TARGET_ASSERT(view_equal(sp_key_blob(key), sp_key_blob(again)));
	sp_key_free_text(text);
	sp_key_free(again);
	sp_key_free(key);
	return 0;
}
