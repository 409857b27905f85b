/* Keys as callers know them: what holds for every type. */
#include "lib/limits.h"
#include "lib/pubkey/pubkey.h"

#include <stdlib.h>

enum sp_status
sp_key_generate_bits(const struct sp_crypto *crypto, const char *type,
    unsigned bits, struct sp_key **key)
{
	const struct pubkey_type *row = pubkey_type_find(view_of_string(type));
	struct sp_key *k;
	enum sp_status status;

	if (row == NULL || row->generate == NULL)
		return SP_ERR_KEY_TYPE;
	status = pubkey_new(crypto, row, &k);
	if (status != SP_OK)
		return status;
	status = row->generate(k, bits);
	if (status == SP_OK)
		status = pubkey_make_blob(k);
	if (status != SP_OK) {
		sp_key_free(k);
		return status;
	}
	*key = k;
	return SP_OK;
}

enum sp_status
sp_key_generate(
    const struct sp_crypto *crypto, const char *type, struct sp_key **key)
{
	return sp_key_generate_bits(crypto, type, 0, key);
}

void
sp_key_free(struct sp_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pair);
	buffer_clear(&key->blob);
	free(key);
}

const char *
sp_key_type(const struct sp_key *key)
{
	return key->type->name;
}

struct sp_view
sp_key_blob(const struct sp_key *key)
{
	return buffer_view(&key->blob);
}

const char *
sp_key_algorithm(const struct sp_key *key)
{
	return key->type->algorithms[0].name;
}

/* The signature blob of RFC 4253 6.6: the algorithm, then its own bytes. */
static enum sp_status
write_signature(const struct sp_key *key,
    const struct pubkey_algorithm *algorithm, struct sp_view data,
    struct writer *w)
{
	enum sp_status status;
	size_t mark;

	writer_cstring(w, algorithm->name);
	mark = writer_begin_string(w);
	status = key->type->sign(key, algorithm, data, w);
	writer_end_string(w, mark);
	return status == SP_OK ? writer_finish(w) : status;
}

enum sp_status
sp_key_sign(const struct sp_key *key, const char *algorithm,
    struct sp_view data, uint8_t *room, size_t *len)
{
	const struct pubkey_algorithm *row =
	    pubkey_type_algorithm(key->type, view_of_string(algorithm));
	struct buffer b;
	struct writer w;
	enum sp_status status;

	if (row == NULL)
		return SP_ERR_KEY_TYPE;
	if (key->pair == NULL)
		return SP_ERR_STATE;
	buffer_init(&b, SP_SIGNATURE_MAX);
	writer_init(&w, &b);
	status = write_signature(key, row, data, &w);
	if (status == SP_OK) {
		*len = buffer_len(&b);
		memcpy(room, buffer_view(&b).data, *len);
	}
	buffer_clear(&b);
	return status;
}

/* The key's half of a claim: its type, its fields, its algorithm's row. */
static enum sp_status
read_key(struct pubkey_claim *claim, struct sp_view key_blob,
    struct sp_view algorithm)
{
	struct sp_view name;
	struct reader r;

	reader_init(&r, key_blob);
	name = reader_string_max(&r, LIMIT_KEY_NAME);
	claim->fields = reader_rest(&r);
	if (reader_finish(&r) != SP_OK || key_blob.len > LIMIT_KEY_BLOB)
		return SP_ERR_KEY_FORMAT;
	claim->type = pubkey_type_find(name);
	if (claim->type == NULL)
		return SP_ERR_KEY_TYPE;
	claim->algorithm = pubkey_type_algorithm(claim->type, algorithm);
	return claim->algorithm == NULL ? SP_ERR_KEY_TYPE : SP_OK;
}

/* The signature's half. False where it is no signature of this algorithm. */
static bool
read_signature(struct pubkey_claim *claim, struct sp_view blob)
{
	struct sp_view name, trailer = { NULL, 0 };
	struct reader r;

	reader_init(&r, blob);
	name = reader_string(&r);
	claim->signature = reader_string(&r);
	if (claim->type->has_trailer)
		trailer = reader_bytes(&r, PUBKEY_TRAILER_MAX);
	if (reader_finish(&r) == SP_OK &&
	    view_equal_string(name, claim->algorithm->name)) {
		if (trailer.len > 0)
			memcpy(claim->trailer, trailer.data, trailer.len);
		return true;
	}
	claim->signature = view_of(NULL, 0);
	return false;
}

enum sp_status
sp_key_verify_presence(const struct sp_crypto *crypto, struct sp_view key_blob,
    struct sp_view algorithm, struct sp_view data, struct sp_view signature,
    struct sp_key_presence *presence)
{
	struct sp_key_presence found = { .is_reported = false };
	struct pubkey_claim claim = {
		.crypto = crypto, .data = data, .presence = &found
	};
	enum sp_status status = read_key(&claim, key_blob, algorithm);
	bool is_whole;

	if (status != SP_OK)
		return status;
	is_whole = read_signature(&claim, signature);
	/* The key is looked at whatever the signature is. */
	status = claim.type->verify(&claim);
	if (status == SP_OK && !is_whole)
		return SP_ERR_SIGNATURE;
	if (status == SP_OK)
		*presence = found;
	return status;
}

enum sp_status
sp_key_verify(const struct sp_crypto *crypto, struct sp_view key_blob,
    struct sp_view algorithm, struct sp_view data, struct sp_view signature)
{
	struct sp_key_presence presence;
	enum sp_status status = sp_key_verify_presence(
	    crypto, key_blob, algorithm, data, signature, &presence);

	if (status == SP_OK && presence.is_reported && !presence.is_touched)
		return SP_ERR_SIGNATURE;
	return status;
}
