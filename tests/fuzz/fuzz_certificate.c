/* Certificates: what is taken apart can be walked through and verified. */
#include "lib/limits.h"
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

static void
check_options(struct sp_view list)
{
	struct sp_view name, data, text;
	size_t count = 0;

	while (sp_certificate_next_option(&list, &name, &data)) {
		TARGET_ASSERT(name.len > 0);
		TARGET_ASSERT(++count <= LIMIT_CERTIFICATE_OPTIONS);
		(void)sp_certificate_option_text(data, &text);
	}
	TARGET_ASSERT(list.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[LIMIT_KEY_BLOB];
	struct sp_certificate c;
	struct sp_view list, name;
	size_t len;

	if (crypto == NULL) {
		crypto = sp_crypto_new();
		TARGET_ASSERT(crypto != NULL);
		atexit(free_crypto);
	}
	if (sp_certificate_parse(view_of(data, size), &c) != SP_OK)
		return 0;
	check_options(c.critical_options);
	check_options(c.extensions);
	list = c.principals;
	while (sp_certificate_next_principal(&list, &name))
		TARGET_ASSERT(sp_certificate_has_principal(&c, name));
	TARGET_ASSERT(list.len == 0);
	TARGET_ASSERT(sp_certificate_key(&c, room, sizeof room, &len) == SP_OK);
	/* Allowed or not, there is no algorithm but ours. */
	if (sp_certificate_verify(crypto, &c, NULL) == SP_OK)
		TARGET_ASSERT(c.signature.len <= SP_SIGNATURE_MAX);
	return 0;
}
