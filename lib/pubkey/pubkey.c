/* The table of key types. */
#include "lib/pubkey/pubkey.h"

#include "lib/limits.h"
#include "lib/pubkey/ed25519.h"

#include <stdlib.h>

static const struct pubkey_type *const types[] = {
	&ed25519_type,
};

const struct pubkey_type *
pubkey_type_find(struct sp_view name)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (view_equal_string(name, types[i]->name))
			return types[i];
	return NULL;
}

const char *
pubkey_type_algorithm(const struct pubkey_type *type, struct sp_view algorithm)
{
	for (const char *const *a = type->algorithms; *a != NULL; a++)
		if (view_equal_string(algorithm, *a))
			return *a;
	return NULL;
}

/* The algorithm of a number, counted over all types, and its type. */
static const char *
algorithm_at(size_t index, const struct pubkey_type **type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		*type = types[i];
		for (const char *const *a = types[i]->algorithms; *a != NULL;
		     a++)
			if (index-- == 0)
				return *a;
	}
	return NULL;
}

const char *
pubkey_host_row(size_t index, enum algorithm_set *set)
{
	const struct pubkey_type *type;
	const char *name = algorithm_at(index, &type);

	*set = type->host_set;
	return name;
}

const char *
pubkey_user_row(size_t index, enum algorithm_set *set)
{
	const struct pubkey_type *type;
	const char *name = algorithm_at(index, &type);

	*set = type->user_set;
	return name;
}

enum sp_status
pubkey_new(const struct sp_crypto *crypto, const struct pubkey_type *type,
    struct sp_key **key)
{
	struct sp_key *k = calloc(1, sizeof *k);

	if (k == NULL)
		return SP_ERR_MEMORY;
	k->crypto = crypto;
	k->type = type;
	buffer_init(&k->blob, LIMIT_KEY_BLOB);
	*key = k;
	return SP_OK;
}

enum sp_status
pubkey_make_blob(struct sp_key *key)
{
	struct writer w;
	enum sp_status status;

	buffer_clear(&key->blob);
	writer_init(&w, &key->blob);
	writer_cstring(&w, key->type->name);
	status = key->type->write_public(key, &w);
	return status == SP_OK ? writer_finish(&w) : status;
}
