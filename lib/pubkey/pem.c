/* Private keys in PEM, decoded by OpenSSL and checked as any other. */
#include "lib/pubkey/pem.h"

#include "lib/limits.h"
#include "lib/pubkey/armour.h"
#include "lib/pubkey/der.h"

#include <openssl/decoder.h>

enum { TEXT_MAX = 64 };

/* ---- what decrypting may cost ---- */

static const uint8_t pbes2[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05,
	0x0d };
static const uint8_t pbkdf2[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
	0x05, 0x0c };
static const uint8_t scrypt[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47,
	0x04, 0x0b };

static bool
is_oid(struct sp_view oid, const uint8_t *expected, size_t len)
{
	return view_equal(oid, view_of(expected, len));
}

/* RFC 8018 A.2 and RFC 7914 7: the numbers that say how long it takes. */
static enum sp_status
check_kdf(struct sp_view kdf)
{
	struct reader r, fields;
	struct sp_view oid;
	uint32_t n, size, parallel;

	reader_init(&r, kdf);
	oid = der_read(&r, DER_OID);
	reader_init(&fields, der_read(&r, DER_LIST));
	(void)der_read(&fields, DER_BYTES); /* salt */
	n = der_read_small(&fields);
	if (r.failed || fields.failed)
		return SP_ERR_KEY_FORMAT;
	if (is_oid(oid, pbkdf2, sizeof pbkdf2))
		return n > LIMIT_KEY_ITERATIONS ? SP_ERR_LIMIT : SP_OK;
	if (!is_oid(oid, scrypt, sizeof scrypt))
		return SP_ERR_KEY_FORMAT;
	size = der_read_small(&fields);
	parallel = der_read_small(&fields);
	if (fields.failed)
		return SP_ERR_KEY_FORMAT;
	return n > LIMIT_KEY_SCRYPT_N || size > LIMIT_KEY_SCRYPT_R ||
		parallel > LIMIT_KEY_SCRYPT_P
	    ? SP_ERR_LIMIT
	    : SP_OK;
}

/* RFC 5958 3: older schemes than PBES2 are not taken. */
static enum sp_status
check_scheme(struct sp_view bytes)
{
	struct reader r, fields;
	struct sp_view oid;

	reader_init(&r, bytes);
	reader_init(&r, der_read(&r, DER_LIST));
	reader_init(&r, der_read(&r, DER_LIST));
	oid = der_read(&r, DER_OID);
	reader_init(&fields, der_read(&r, DER_LIST));
	if (!is_oid(oid, pbes2, sizeof pbes2))
		return SP_ERR_KEY_FORMAT;
	return check_kdf(der_read(&fields, DER_LIST));
}

static enum sp_status
check_cost(struct sp_view lines)
{
	struct secret bytes = { NULL, 0 };
	enum sp_status status = armour_decode(lines, &bytes);

	if (status == SP_OK)
		status = check_scheme(secret_view(&bytes));
	secret_clear(&bytes);
	return status;
}

/* ---- which kinds there are ---- */

struct kind {
	bool is_encrypted;
	bool is_costly; /* its key derivation says how much it costs */
};

/* RFC 1421 4.6.1.1, as OpenSSL writes it: one round of MD5. */
static bool
has_encryption_header(struct sp_view lines)
{
	static const char header[] = "Proc-Type: 4,ENCRYPTED";

	return memmem(lines.data, lines.len, header, sizeof header - 1) != NULL;
}

static enum sp_status
find_kind(const struct armour *armour, struct kind *kind)
{
	*kind = (struct kind){ .is_encrypted = false };
	if (view_equal_string(armour->label, "ENCRYPTED PRIVATE KEY")) {
		*kind = (struct kind){ true, true };
		return SP_OK;
	}
	if (view_equal_string(armour->label, "PRIVATE KEY"))
		return SP_OK;
	kind->is_encrypted = has_encryption_header(armour->lines);
	if (view_equal_string(armour->label, "RSA PRIVATE KEY") ||
	    view_equal_string(armour->label, "EC PRIVATE KEY"))
		return SP_OK;
	return view_equal_string(armour->label, "DSA PRIVATE KEY")
	    ? SP_ERR_KEY_TYPE
	    : SP_ERR_KEY_FORMAT;
}

/* ---- decoding ---- */

/* NULL when OpenSSL finds no key. It never asks for a passphrase itself. */
static EVP_PKEY *
decode(struct sp_view text, const char *passphrase)
{
	EVP_PKEY *pair = NULL;
	OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
	    &pair, "PEM", NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
	bool is_decoded;

	is_decoded = ctx != NULL &&
	    OSSL_DECODER_CTX_set_passphrase(
		ctx, (const uint8_t *)passphrase, strlen(passphrase)) == 1 &&
	    OSSL_DECODER_from_data(ctx, &text.data, &text.len) == 1;
	OSSL_DECODER_CTX_free(ctx);
	if (is_decoded)
		return pair;
	EVP_PKEY_free(pair);
	return NULL;
}

/* Curves by OpenSSL's names for them. */
static const struct pubkey_type *
type_of(const EVP_PKEY *pair)
{
	static const struct {
		const char *algorithm, *group, *type;
	} rows[] = {
		{ "RSA", NULL, "ssh-rsa" },
		{ "ED25519", NULL, "ssh-ed25519" },
		{ "EC", "prime256v1", "ecdsa-sha2-nistp256" },
		{ "EC", "secp384r1", "ecdsa-sha2-nistp384" },
		{ "EC", "secp521r1", "ecdsa-sha2-nistp521" },
	};
	char group[TEXT_MAX] = "";
	size_t len;

	(void)EVP_PKEY_get_group_name(pair, group, sizeof group, &len);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (EVP_PKEY_is_a(pair, rows[i].algorithm) == 1 &&
		    (rows[i].group == NULL ||
			strcmp(group, rows[i].group) == 0))
			return pubkey_type_find(view_of_string(rows[i].type));
	return NULL;
}

/*
 * Takes the key through the form it has in OpenSSH's files: what is
 * checked there is checked here.
 */
static enum sp_status
remake(struct sp_key *key, EVP_PKEY *pair)
{
	const struct sp_key decoded = { .type = key->type, .pair = pair };
	struct buffer fields;
	struct writer w;
	struct reader r;
	enum sp_status status;

	buffer_init(&fields, LIMIT_KEY_FILE);
	writer_init(&w, &fields);
	status = key->type->write_private(&decoded, &w);
	if (status == SP_OK)
		status = writer_finish(&w);
	reader_init(&r, buffer_view(&fields));
	if (status == SP_OK)
		status = key->type->read_private(key, &r);
	if (status == SP_OK)
		status = pubkey_make_blob(key);
	if (status == SP_OK)
		status = pubkey_try(key);
	buffer_clear(&fields);
	return status;
}

static enum sp_status
make_key(const struct sp_crypto *crypto, EVP_PKEY *pair, struct sp_key **key)
{
	const struct pubkey_type *type = type_of(pair);
	struct sp_key *k;
	enum sp_status status;

	if (type == NULL)
		return SP_ERR_KEY_TYPE;
	status = pubkey_new(crypto, type, &k);
	if (status != SP_OK)
		return status;
	status = remake(k, pair);
	if (status != SP_OK) {
		sp_key_free(k);
		return status;
	}
	*key = k;
	return SP_OK;
}

enum sp_status
pem_read(const struct sp_crypto *crypto, struct sp_view text,
    const struct armour *armour, const char *passphrase, struct sp_key **key)
{
	struct kind kind;
	EVP_PKEY *pair;
	enum sp_status status = find_kind(armour, &kind);

	if (status == SP_OK && kind.is_costly)
		status = check_cost(armour->lines);
	if (status != SP_OK)
		return status;
	if (kind.is_encrypted && (passphrase == NULL || *passphrase == '\0'))
		return SP_ERR_PASSPHRASE;
	pair = decode(text, kind.is_encrypted ? passphrase : "");
	if (pair == NULL)
		return kind.is_encrypted ? SP_ERR_PASSPHRASE
					 : SP_ERR_KEY_FORMAT;
	status = make_key(crypto, pair, key);
	EVP_PKEY_free(pair);
	return status;
}
