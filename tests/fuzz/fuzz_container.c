/* OpenSSH's key containers without the text around them. */
#include "lib/pubkey/container.h"

#include "lib/limits.h"
#include "lib/wire/secret.h"
#include "tests/fuzz/target.h"

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
	struct secret copy = { NULL, 0 };
	struct sp_key *key = NULL;
	struct buffer again;

	if (crypto == NULL) {
		crypto = sp_crypto_new();
		TARGET_ASSERT(crypto != NULL);
		atexit(free_crypto);
	}
	if (size == 0 || secret_copy(&copy, view_of(data, size)) != SP_OK)
		return 0;
	if (container_read(crypto, copy.data, copy.len, NULL, &key) == SP_OK) {
		buffer_init(&again, LIMIT_KEY_FILE);
		TARGET_ASSERT(
		    container_write(key, "fuzz", NULL, &again) == SP_OK);
		buffer_clear(&again);
	}
	sp_key_free(key);
	secret_clear(&copy);
	return 0;
}
