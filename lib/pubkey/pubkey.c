/* The table of key types, the best first. */
#include "lib/pubkey/pubkey.h"

#include "lib/limits.h"
#include "lib/pubkey/ecdsa.h"
#include "lib/pubkey/ed25519.h"
#include "lib/pubkey/rsa.h"
#include "lib/pubkey/sk.h"

#include <stdlib.h>
#include <string.h>

static const struct pubkey_type *const types[] = {
	&ed25519_type,
	&sk_ed25519_type,
	&rsa_type,
	&sk_ecdsa_type,
	&ecdsa_nistp256_type,
	&ecdsa_nistp384_type,
	&ecdsa_nistp521_type,
};

const struct pubkey_type *
pubkey_type_find(struct sp_view name)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (view_equal_string(name, types[i]->name))
			return types[i];
	return NULL;
}

const struct pubkey_algorithm *
pubkey_type_algorithm(const struct pubkey_type *type, struct sp_view name)
{
	for (const struct pubkey_algorithm *a = type->algorithms;
	     a->name != NULL; a++)
		if (view_equal_string(name, a->name))
			return a;
	return NULL;
}

/* The algorithm of a number, counted over all types, and its type. */
static const char *
algorithm_at(size_t index, const struct pubkey_type **type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		*type = types[i];
		for (const struct pubkey_algorithm *a = types[i]->algorithms;
		     a->name != NULL; a++)
			if (index-- == 0)
				return a->name;
	}
	return NULL;
}

bool
pubkey_is_slow(struct sp_view algorithm)
{
	const char *plain = sp_certificate_algorithm(algorithm);

	if (plain != NULL)
		algorithm = view_of_string(plain);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (pubkey_type_algorithm(types[i], algorithm) != NULL)
			return types[i]->is_slow;
	return false;
}

const char *
pubkey_host_row(size_t index, enum algorithm_set *set)
{
	const struct pubkey_type *type;
	const char *name = algorithm_at(index, &type);

	*set = type->host_set;
	return name;
}

static const char *const certificates[] = {
	"ssh-ed25519-cert-v01@openssh.com",
	"sk-ssh-ed25519-cert-v01@openssh.com",
	"rsa-sha2-512-cert-v01@openssh.com",
	"rsa-sha2-256-cert-v01@openssh.com",
	"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
	"ecdsa-sha2-nistp256-cert-v01@openssh.com",
	"ecdsa-sha2-nistp384-cert-v01@openssh.com",
	"ecdsa-sha2-nistp521-cert-v01@openssh.com",
};
enum { CERTIFICATES = sizeof certificates / sizeof certificates[0] };

/* Whoever names one knows what to make of a certificate. */
const char *
pubkey_offer_row(size_t index, enum algorithm_set *set)
{
	if (index >= CERTIFICATES)
		return pubkey_host_row(index - CERTIFICATES, set);
	*set = ALGORITHM_ASK;
	return certificates[index];
}

const char *
pubkey_server_row(size_t index, enum algorithm_set *set)
{
	const struct pubkey_type *type;
	const char *name;
	size_t i = 0;

	while ((name = algorithm_at(i++, &type)) != NULL)
		if (type->sign != NULL && index-- == 0)
			break;
	*set = type->host_set;
	return name;
}

const char *
pubkey_certificate_algorithm(const char *plain)
{
	for (size_t i = 0; i < CERTIFICATES; i++)
		if (strcmp(plain,
			sp_certificate_algorithm(
			    view_of_string(certificates[i]))) == 0)
			return certificates[i];
	return NULL;
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

void
pubkey_forget(struct sp_key *key)
{
	EVP_PKEY_free(key->pair);
	key->pair = NULL;
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

enum sp_status
pubkey_try(const struct sp_key *key)
{
	const struct pubkey_algorithm *algorithm = key->type->algorithms;
	const struct sp_view data = view_of_string("these halves are one");
	uint8_t signature[SP_SIGNATURE_MAX];
	enum sp_status status;
	size_t len;

	status = sp_key_sign(key, algorithm->name, data, signature, &len);
	if (status == SP_OK)
		status = sp_key_verify(key->crypto, buffer_view(&key->blob),
		    view_of_string(algorithm->name), data,
		    view_of(signature, len));
	return status == SP_ERR_SIGNATURE ? SP_ERR_KEY_FORMAT : status;
}
