/* Key material that is wiped before it is freed. */
#include "lib/wire/secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum sp_status
secret_alloc(struct secret *s, size_t len)
{
	uint8_t *data = calloc(1, len == 0 ? 1 : len);

	if (data == NULL)
		return SP_ERR_MEMORY;
	secret_clear(s);
	s->data = data;
	s->len = len;
	return SP_OK;
}

enum sp_status
secret_copy(struct secret *s, struct sp_view v)
{
	struct secret copy = { NULL, 0 };
	enum sp_status status = secret_alloc(&copy, v.len);

	if (status != SP_OK)
		return status;
	if (v.len > 0)
		memcpy(copy.data, v.data, v.len);
	secret_clear(s);
	*s = copy;
	return SP_OK;
}

void
secret_clear(struct secret *s)
{
	if (s->data != NULL)
		OPENSSL_cleanse(s->data, s->len);
	free(s->data);
	*s = (struct secret){ NULL, 0 };
}
