/* Lists of what is revoked: the same list always says the same. */
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

/* Of the type "k", with one field. */
static const uint8_t key[] = { 0, 0, 0, 1, 'k', 0, 0, 0, 1, 'x' };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view list = view_of(data, size);
	bool first = false, second = false;
	enum sp_status status;

	if (crypto == NULL) {
		crypto = sp_crypto_new();
		TARGET_ASSERT(crypto != NULL);
		atexit(free_crypto);
	}
	status = sp_krl_find(crypto, list, view_of(key, sizeof key), &first);
	TARGET_ASSERT(sp_krl_find(crypto, list, view_of(key, sizeof key),
			  &second) == status);
	TARGET_ASSERT(first == second);
	TARGET_ASSERT(status == SP_OK || !first);
	TARGET_ASSERT(status != SP_OK || sp_krl_is_one(list));
	return 0;
}
