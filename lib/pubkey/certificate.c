/* OpenSSH's certificates, as its PROTOCOL.certkeys describes them. */
#include "lib/crypto/algorithm.h"
#include "lib/limits.h"
#include "lib/pubkey/pubkey.h"
#include "lib/wire/namelist.h"

/* A certificate holds the fields of the key that it is for. */
static const struct certificate_type {
	const char *name;
	const char *plain; /* the type of that key */
	size_t fields; /* of its blob, behind the type's name */
} types[] = {
	{ "ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", 1 },
	{ "ssh-rsa-cert-v01@openssh.com", "ssh-rsa", 2 },
	{ "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256",
	    2 },
	{ "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384",
	    2 },
	{ "ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521",
	    2 },
	{ "sk-ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com",
	    2 },
	{ "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
	    "sk-ecdsa-sha2-nistp256@openssh.com", 3 },
};
enum { TYPES = sizeof types / sizeof types[0] };

/* Those of RSA name the hash; the type's own name would mean SHA-1. */
static const struct {
	const char *name, *plain;
} rsa_algorithms[] = {
	{ "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-512" },
	{ "rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-256" },
};
enum { RSA_ALGORITHMS = sizeof rsa_algorithms / sizeof rsa_algorithms[0] };

static const struct certificate_type *
find_type(struct sp_view name)
{
	for (size_t i = 0; i < TYPES; i++)
		if (view_equal_string(name, types[i].name))
			return &types[i];
	return NULL;
}

const char *
sp_certificate_algorithm(struct sp_view algorithm)
{
	const struct certificate_type *type;

	for (size_t i = 0; i < RSA_ALGORITHMS; i++)
		if (view_equal_string(algorithm, rsa_algorithms[i].name))
			return rsa_algorithms[i].plain;
	type = find_type(algorithm);
	return type == NULL || strcmp(type->plain, "ssh-rsa") == 0
	    ? NULL
	    : type->plain;
}

/* ---- parsing ---- */

/* Names that are not empty, and not too many. */
static bool
are_principals(struct sp_view list)
{
	struct sp_view name;
	struct reader r;

	reader_init(&r, list);
	for (size_t n = 0; r.left > 0; n++) {
		name = reader_string(&r);
		if (r.failed || name.len == 0 || view_has_control(name) ||
		    n == LIMIT_CERTIFICATE_PRINCIPALS)
			return false;
	}
	return reader_finish(&r) == SP_OK;
}

static bool
is_before(struct sp_view a, struct sp_view b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

	return order < 0 || (order == 0 && a.len < b.len);
}

/* Names with data, each name once and in the order of their bytes. */
static bool
are_options(struct sp_view list)
{
	struct sp_view name, last = { NULL, 0 };
	struct reader r;

	reader_init(&r, list);
	for (size_t n = 0; r.left > 0; n++) {
		name = reader_string_max(&r, LIMIT_KEY_NAME);
		(void)reader_string(&r);
		if (r.failed || !is_before(last, name) ||
		    view_has_control(name) || n == LIMIT_CERTIFICATE_OPTIONS)
			return false;
		last = name;
	}
	return reader_finish(&r) == SP_OK;
}

static struct sp_view
type_of_blob(struct sp_view blob)
{
	struct reader r;

	reader_init(&r, blob);
	return reader_string_max(&r, LIMIT_KEY_NAME);
}

/* Everything that can be said without a key, a clock or a name. */
static bool
is_sound(const struct sp_certificate *c)
{
	return (c->kind == SP_CERTIFICATE_USER ||
		   c->kind == SP_CERTIFICATE_HOST) &&
	    !view_has_control(c->key_id) && are_principals(c->principals) &&
	    are_options(c->critical_options) && are_options(c->extensions);
}

enum sp_status
sp_certificate_parse(struct sp_view blob, struct sp_certificate *certificate)
{
	const struct certificate_type *type;
	struct sp_certificate c = { .key_type = NULL };
	struct reader r;
	const uint8_t *start;

	if (blob.len > LIMIT_KEY_BLOB)
		return SP_ERR_LIMIT;
	reader_init(&r, blob);
	type = find_type(reader_string_max(&r, LIMIT_KEY_NAME));
	if (type == NULL)
		return r.failed ? SP_ERR_KEY_FORMAT : SP_ERR_KEY_TYPE;
	c.key_type = type->plain;
	(void)reader_string(&r); /* nonce */
	start = r.next;
	for (size_t i = 0; i < type->fields; i++)
		(void)reader_string(&r);
	c.key_fields = view_of(start, (size_t)(r.next - start));
	c.serial = reader_u64(&r);
	c.kind = reader_u32(&r);
	c.key_id = reader_string_max(&r, LIMIT_CERTIFICATE_ID);
	c.principals = reader_string(&r);
	c.valid_after = reader_u64(&r);
	c.valid_before = reader_u64(&r);
	c.critical_options = reader_string(&r);
	c.extensions = reader_string(&r);
	(void)reader_string(&r); /* reserved, and ignored as they say */
	c.authority = reader_string(&r);
	c.signed_data = view_of(blob.data, (size_t)(r.next - blob.data));
	c.signature = reader_string(&r);
	if (reader_finish(&r) != SP_OK || !is_sound(&c))
		return SP_ERR_KEY_FORMAT;
	/* Certificates do not sign certificates. */
	if (pubkey_type_find(type_of_blob(c.authority)) == NULL)
		return SP_ERR_KEY_TYPE;
	*certificate = c;
	return SP_OK;
}

/* ---- judging ---- */

enum sp_status
sp_certificate_verify(const struct sp_crypto *crypto,
    const struct sp_certificate *certificate, const char *algorithms)
{
	struct sp_view name = type_of_blob(certificate->signature);
	bool is_allowed = algorithms == NULL
	    ? algorithm_is_known(pubkey_user_row, name)
	    : namelist_has(view_of_string(algorithms), name);

	if (name.len == 0 || !is_allowed)
		return SP_ERR_SIGNATURE;
	return sp_key_verify(crypto, certificate->authority, name,
	    certificate->signed_data, certificate->signature);
}

bool
sp_certificate_is_valid_at(
    const struct sp_certificate *certificate, uint64_t seconds)
{
	return certificate->valid_after <= seconds &&
	    seconds < certificate->valid_before;
}

bool
sp_certificate_next_principal(struct sp_view *list, struct sp_view *name)
{
	struct reader r;

	reader_init(&r, *list);
	*name = reader_string(&r);
	*list = reader_rest(&r);
	return !r.failed && name->len > 0;
}

bool
sp_certificate_has_principal(
    const struct sp_certificate *certificate, struct sp_view name)
{
	struct sp_view list = certificate->principals, each;

	while (sp_certificate_next_principal(&list, &each))
		if (view_equal(each, name))
			return true;
	return false;
}

bool
sp_certificate_next_option(
    struct sp_view *list, struct sp_view *name, struct sp_view *data)
{
	struct reader r;

	reader_init(&r, *list);
	*name = reader_string(&r);
	*data = reader_string(&r);
	*list = reader_rest(&r);
	return !r.failed;
}

bool
sp_certificate_option_text(struct sp_view data, struct sp_view *text)
{
	struct sp_view inner;
	struct reader r;

	reader_init(&r, data);
	inner = reader_string(&r);
	if (reader_finish(&r) != SP_OK)
		return false;
	*text = inner;
	return true;
}

/* ---- its key ---- */

enum sp_status
sp_certificate_key(const struct sp_certificate *certificate, uint8_t *room,
    size_t size, size_t *len)
{
	struct buffer blob;
	struct writer w;
	enum sp_status status;

	buffer_init(&blob, size);
	writer_init(&w, &blob);
	writer_cstring(&w, certificate->key_type);
	writer_bytes(&w, certificate->key_fields);
	status = writer_finish(&w);
	if (status == SP_OK) {
		*len = buffer_len(&blob);
		memcpy(room, buffer_view(&blob).data, *len);
	}
	buffer_clear(&blob);
	return status;
}
