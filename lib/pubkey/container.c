/* OpenSSH's private key container, read and written. */
#include "lib/pubkey/container.h"

#include "lib/crypto/bcryptpbkdf.h"
#include "lib/crypto/random.h"
#include "lib/limits.h"
#include "lib/pubkey/keycipher.h"

#include <openssl/crypto.h>

static const char magic[] = "openssh-key-v1"; /* with its NUL */

/* The section is padded to the cipher's block; "none" has one of 8. */
enum { PLAIN_BLOCK_LEN = 8, CHECK_LEN = 4, SALT_LEN = 16, ROUNDS = 24 };

/* Its fields before the section is looked into. */
struct container {
	struct sp_view cipher;
	struct sp_view kdf;
	struct sp_view options;
	struct sp_view blob;
	struct sp_view section;
	struct sp_view tag;
};

/* ---- reading ---- */

/* Padding is 1, 2, 3 ... and shorter than a block. */
static bool
is_padding(struct sp_view v, size_t block_len)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] != i + 1)
			return false;
	return v.len < block_len;
}

/* From the key's type on. */
static enum sp_status
read_key(const struct sp_crypto *crypto, struct reader *r, size_t block_len,
    struct sp_key **key)
{
	const struct pubkey_type *type =
	    pubkey_type_find(reader_string_max(r, LIMIT_KEY_NAME));
	struct sp_key *k;
	enum sp_status status;

	if (type == NULL || type->read_private == NULL)
		return r->failed ? SP_ERR_KEY_FORMAT : SP_ERR_KEY_TYPE;
	status = pubkey_new(crypto, type, &k);
	if (status != SP_OK)
		return status;
	status = type->read_private(k, r);
	if (status == SP_OK)
		status = pubkey_make_blob(k);
	if (status == SP_OK)
		status = pubkey_try(k);
	(void)reader_string(r); /* the comment */
	if (status == SP_OK &&
	    (!is_padding(reader_rest(r), block_len) ||
		reader_finish(r) != SP_OK))
		status = SP_ERR_KEY_FORMAT;
	if (status != SP_OK) {
		sp_key_free(k);
		return status;
	}
	*key = k;
	return SP_OK;
}

/* Two numbers that are equal show that the passphrase was the right one. */
static enum sp_status
read_section(const struct sp_crypto *crypto, const struct container *c,
    const struct keycipher *cipher, struct sp_key **key)
{
	size_t block_len = cipher == NULL ? PLAIN_BLOCK_LEN : cipher->block_len;
	struct sp_key *k;
	struct reader r;
	uint32_t check;
	enum sp_status status;

	reader_init(&r, c->section);
	check = reader_u32(&r);
	if (check != reader_u32(&r) || r.failed)
		return cipher == NULL ? SP_ERR_KEY_FORMAT : SP_ERR_PASSPHRASE;
	if (c->section.len % block_len != 0)
		return SP_ERR_KEY_FORMAT;
	status = read_key(crypto, &r, block_len, &k);
	if (status != SP_OK)
		return status;
	if (!view_equal(c->blob, buffer_view(&k->blob))) {
		sp_key_free(k);
		return SP_ERR_KEY_FORMAT;
	}
	*key = k;
	return SP_OK;
}

static enum sp_status
derive(const struct sp_crypto *crypto, struct sp_view options,
    const char *passphrase, uint8_t *secret, size_t len)
{
	struct sp_view salt;
	struct reader r;
	uint32_t rounds;

	reader_init(&r, options);
	salt = reader_string(&r);
	rounds = reader_u32(&r);
	if (reader_finish(&r) != SP_OK || salt.len == 0 || rounds == 0)
		return SP_ERR_KEY_FORMAT;
	if (rounds > LIMIT_KEY_ROUNDS)
		return SP_ERR_LIMIT;
	return bcryptpbkdf(
	    crypto, view_of_string(passphrase), salt, rounds, secret, len);
}

static enum sp_status
open_section(const struct sp_crypto *crypto, const struct container *c,
    const struct keycipher *cipher, const char *passphrase, uint8_t *section)
{
	uint8_t secret[KEYCIPHER_SECRET_MAX];
	enum sp_status status;

	if (c->section.len == 0 || c->section.len % cipher->block_len != 0 ||
	    c->tag.len != cipher->tag_len)
		return SP_ERR_KEY_FORMAT;
	status = derive(crypto, c->options, passphrase, secret,
	    cipher->key_len + cipher->iv_len);
	if (status == SP_OK)
		status = keycipher_open(crypto, cipher, secret, section,
		    c->section.len, c->tag.data);
	OPENSSL_cleanse(secret, sizeof secret);
	return status == SP_ERR_MAC ? SP_ERR_PASSPHRASE : status;
}

static enum sp_status
read_fields(struct sp_view bytes, struct container *c)
{
	struct reader r;
	uint32_t n_keys;

	reader_init(&r, bytes);
	if (!view_equal(
		reader_bytes(&r, sizeof magic), view_of(magic, sizeof magic)))
		return SP_ERR_KEY_FORMAT;
	c->cipher = reader_string_max(&r, LIMIT_KEY_NAME);
	c->kdf = reader_string_max(&r, LIMIT_KEY_NAME);
	c->options = reader_string(&r);
	n_keys = reader_u32(&r);
	c->blob = reader_string_max(&r, LIMIT_KEY_BLOB);
	c->section = reader_string(&r);
	c->tag = reader_rest(&r);
	return reader_finish(&r) == SP_OK && n_keys == 1 ? SP_OK
							 : SP_ERR_KEY_FORMAT;
}

enum sp_status
container_read(const struct sp_crypto *crypto, uint8_t *bytes, size_t len,
    const char *passphrase, struct sp_key **key)
{
	const struct keycipher *cipher;
	struct container c;
	enum sp_status status = read_fields(view_of(bytes, len), &c);

	if (status != SP_OK)
		return status;
	if (view_equal_string(c.cipher, "none")) {
		if (!view_equal_string(c.kdf, "none") || c.options.len != 0 ||
		    c.tag.len != 0)
			return SP_ERR_KEY_FORMAT;
		return read_section(crypto, &c, NULL, key);
	}
	cipher = keycipher_find(c.cipher);
	if (cipher == NULL || !view_equal_string(c.kdf, "bcrypt"))
		return SP_ERR_KEY_FORMAT;
	if (passphrase == NULL || *passphrase == '\0')
		return SP_ERR_PASSPHRASE;
	status = open_section(
	    crypto, &c, cipher, passphrase, bytes + (c.section.data - bytes));
	return status == SP_OK ? read_section(crypto, &c, cipher, key) : status;
}

/* ---- writing ---- */

/* How a section is to be encrypted; not at all where cipher is NULL. */
struct sealing {
	const struct keycipher *cipher;
	struct sp_view passphrase;
	uint32_t rounds;
	uint8_t salt[SALT_LEN];
};

static enum sp_status
sealing_init(struct sealing *s, const struct sp_key_seal *seal)
{
	*s = (struct sealing){ .cipher = NULL };
	if (seal == NULL)
		return SP_OK;
	s->cipher = keycipher_find(
	    view_of_string(seal->cipher == NULL ? "aes256-ctr" : seal->cipher));
	s->rounds = seal->rounds == 0 ? ROUNDS : seal->rounds;
	if (s->cipher == NULL || s->rounds > LIMIT_KEY_ROUNDS ||
	    seal->passphrase == NULL || *seal->passphrase == '\0')
		return SP_ERR_ARGUMENT;
	s->passphrase = view_of_string(seal->passphrase);
	return random_bytes(s->salt, sizeof s->salt);
}

static void
write_head(struct writer *w, const struct sealing *s, struct sp_view blob)
{
	size_t mark;

	writer_bytes(w, view_of(magic, sizeof magic));
	writer_cstring(w, s->cipher == NULL ? "none" : s->cipher->name);
	writer_cstring(w, s->cipher == NULL ? "none" : "bcrypt");
	mark = writer_begin_string(w);
	if (s->cipher != NULL) {
		writer_string(w, view_of(s->salt, sizeof s->salt));
		writer_u32(w, s->rounds);
	}
	writer_end_string(w, mark);
	writer_u32(w, 1);
	writer_string(w, blob);
}

static enum sp_status
write_section(const struct sp_key *key, const char *comment, size_t block_len,
    struct writer *w)
{
	uint8_t check[CHECK_LEN];
	size_t start = buffer_len(w->buffer);
	enum sp_status status = random_bytes(check, sizeof check);

	if (status != SP_OK)
		return status;
	writer_bytes(w, view_of(check, sizeof check));
	writer_bytes(w, view_of(check, sizeof check));
	writer_cstring(w, key->type->name);
	status = key->type->write_private(key, w);
	if (status != SP_OK)
		return status;
	writer_cstring(w, comment == NULL ? "" : comment);
	for (uint8_t pad = 1; writer_finish(w) == SP_OK &&
	     (buffer_len(w->buffer) - start) % block_len != 0;
	     pad++)
		writer_u8(w, pad);
	return writer_finish(w);
}

/* Encrypts what stands at the buffer's end, and puts the tag behind. */
static enum sp_status
seal_section(const struct sp_crypto *crypto, const struct sealing *s,
    struct writer *w, size_t len)
{
	uint8_t secret[KEYCIPHER_SECRET_MAX], tag[KEYCIPHER_TAG_MAX];
	enum sp_status status;

	status =
	    bcryptpbkdf(crypto, s->passphrase, view_of(s->salt, sizeof s->salt),
		s->rounds, secret, s->cipher->key_len + s->cipher->iv_len);
	if (status == SP_OK)
		status = keycipher_seal(crypto, s->cipher, secret,
		    w->buffer->data + w->buffer->end - len, len, tag);
	OPENSSL_cleanse(secret, sizeof secret);
	if (status != SP_OK)
		return status;
	writer_bytes(w, view_of(tag, s->cipher->tag_len));
	return writer_finish(w);
}

enum sp_status
container_write(const struct sp_key *key, const char *comment,
    const struct sp_key_seal *seal, struct buffer *out)
{
	struct sealing sealing;
	struct writer w;
	size_t mark, start;
	enum sp_status status = sealing_init(&sealing, seal);

	if (status != SP_OK)
		return status;
	writer_init(&w, out);
	write_head(&w, &sealing, buffer_view(&key->blob));
	mark = writer_begin_string(&w);
	start = buffer_len(out);
	status = write_section(key, comment,
	    sealing.cipher == NULL ? PLAIN_BLOCK_LEN
				   : sealing.cipher->block_len,
	    &w);
	writer_end_string(&w, mark);
	if (status != SP_OK || sealing.cipher == NULL)
		return status;
	return seal_section(key->crypto, &sealing, &w, buffer_len(out) - start);
}
