/*
 * OpenSSH's private key file, as its PROTOCOL.key describes it: lines of
 * base64 between two marks, and in them the public key, then a section
 * that a passphrase may encrypt.
 */
#include "lib/crypto/random.h"
#include "lib/limits.h"
#include "lib/pubkey/base64.h"
#include "lib/pubkey/pubkey.h"
#include "lib/wire/secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static const char begin_mark[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char end_mark[] = "-----END OPENSSH PRIVATE KEY-----";
static const char magic[] = "openssh-key-v1"; /* with its NUL */

/* The section is padded to the cipher's block; "none" has one of 8. */
enum { BLOCK_LEN = 8, LINE_LEN = 70, CHECK_LEN = 4 };

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct sp_view
trim(struct sp_view v)
{
	while (v.len > 0 && is_space(v.data[0]))
		v = view_of(v.data + 1, v.len - 1);
	while (v.len > 0 && is_space(v.data[v.len - 1]))
		v.len--;
	return v;
}

/* What stands between the marks; only white space may be around them. */
static bool
find_armoured(struct sp_view text, struct sp_view *armoured)
{
	size_t begin_len = sizeof begin_mark - 1;
	size_t end_len = sizeof end_mark - 1;

	text = trim(text);
	if (text.len < begin_len + end_len ||
	    memcmp(text.data, begin_mark, begin_len) != 0 ||
	    memcmp(text.data + text.len - end_len, end_mark, end_len) != 0)
		return false;
	*armoured =
	    view_of(text.data + begin_len, text.len - begin_len - end_len);
	return true;
}

/* Copies the text without its line breaks. */
static enum sp_status
join_lines(struct sp_view lines, struct secret *joined)
{
	size_t n = 0;
	enum sp_status status = secret_alloc(joined, lines.len);

	if (status != SP_OK)
		return status;
	for (size_t i = 0; i < lines.len; i++)
		if (!is_space(lines.data[i]))
			joined->data[n++] = lines.data[i];
	/* What lies behind is still zero: nothing to wipe is forgotten. */
	joined->len = n;
	return SP_OK;
}

static enum sp_status
decode_lines(struct sp_view lines, struct secret *bytes)
{
	struct secret text = { NULL, 0 };
	size_t len;
	enum sp_status status = join_lines(lines, &text);

	if (status == SP_OK)
		status =
		    secret_alloc(bytes, base64_bytes_len(secret_view(&text)));
	if (status == SP_OK &&
	    !base64_decode(secret_view(&text), bytes->data, bytes->len, &len))
		status = SP_ERR_KEY_FORMAT;
	secret_clear(&text);
	return status;
}

/* Padding is 1, 2, 3 ... and shorter than a block. */
static bool
is_padding(struct sp_view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] != i + 1)
			return false;
	return v.len < BLOCK_LEN;
}

static enum sp_status
read_section(
    const struct sp_crypto *crypto, struct sp_view section, struct sp_key **key)
{
	const struct pubkey_type *type;
	struct sp_key *k;
	struct reader r;
	uint32_t check;
	enum sp_status status;

	reader_init(&r, section);
	check = reader_u32(&r);
	if (check != reader_u32(&r) || section.len % BLOCK_LEN != 0)
		return SP_ERR_KEY_FORMAT;
	type = pubkey_type_find(reader_string_max(&r, LIMIT_KEY_NAME));
	if (type == NULL || type->read_private == NULL)
		return r.failed ? SP_ERR_KEY_FORMAT : SP_ERR_KEY_TYPE;
	status = pubkey_new(crypto, type, &k);
	if (status != SP_OK)
		return status;
	status = type->read_private(k, &r);
	if (status == SP_OK)
		status = pubkey_make_blob(k);
	(void)reader_string(&r); /* the comment */
	if (status == SP_OK)
		status = pubkey_try(k);
	if (status == SP_OK &&
	    (!is_padding(reader_rest(&r)) || reader_finish(&r) != SP_OK))
		status = SP_ERR_KEY_FORMAT;
	if (status != SP_OK) {
		sp_key_free(k);
		return status;
	}
	*key = k;
	return SP_OK;
}

static enum sp_status
read_container(
    const struct sp_crypto *crypto, struct sp_view bytes, struct sp_key **key)
{
	struct sp_view cipher, kdf, options, blob, section;
	struct sp_key *k;
	struct reader r;
	uint32_t n_keys;
	enum sp_status status;

	reader_init(&r, bytes);
	if (!view_equal(
		reader_bytes(&r, sizeof magic), view_of(magic, sizeof magic)))
		return SP_ERR_KEY_FORMAT;
	cipher = reader_string(&r);
	kdf = reader_string(&r);
	options = reader_string(&r);
	n_keys = reader_u32(&r);
	blob = reader_string_max(&r, LIMIT_KEY_BLOB);
	section = reader_string(&r);
	if (r.failed || n_keys != 1)
		return SP_ERR_KEY_FORMAT;
	if (!view_equal_string(cipher, "none"))
		return SP_ERR_PASSPHRASE;
	if (!view_equal_string(kdf, "none") || options.len != 0 ||
	    reader_finish(&r) != SP_OK)
		return SP_ERR_KEY_FORMAT;
	status = read_section(crypto, section, &k);
	if (status != SP_OK)
		return status;
	if (!view_equal(blob, buffer_view(&k->blob))) {
		sp_key_free(k);
		return SP_ERR_KEY_FORMAT;
	}
	*key = k;
	return SP_OK;
}

enum sp_status
sp_key_parse(const struct sp_crypto *crypto, struct sp_view text,
    const char *passphrase, struct sp_key **key)
{
	struct secret bytes = { NULL, 0 };
	struct sp_view armoured;
	enum sp_status status;

	(void)passphrase; /* no cipher is known that would use it */
	if (text.len > LIMIT_KEY_FILE)
		return SP_ERR_LIMIT;
	if (!find_armoured(text, &armoured))
		return SP_ERR_KEY_FORMAT;
	status = decode_lines(armoured, &bytes);
	if (status == SP_OK)
		status = read_container(crypto, secret_view(&bytes), key);
	secret_clear(&bytes);
	return status;
}

static enum sp_status
write_section(const struct sp_key *key, const char *comment, struct writer *w)
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
	     (buffer_len(w->buffer) - start) % BLOCK_LEN != 0;
	     pad++)
		writer_u8(w, pad);
	return writer_finish(w);
}

static enum sp_status
write_container(
    const struct sp_key *key, const char *comment, struct buffer *container)
{
	struct writer w;
	enum sp_status status;
	size_t mark;

	writer_init(&w, container);
	writer_bytes(&w, view_of(magic, sizeof magic));
	writer_cstring(&w, "none");
	writer_cstring(&w, "none");
	writer_cstring(&w, "");
	writer_u32(&w, 1);
	writer_string(&w, buffer_view(&key->blob));
	mark = writer_begin_string(&w);
	status = write_section(key, comment, &w);
	writer_end_string(&w, mark);
	return status == SP_OK ? writer_finish(&w) : status;
}

/* Marks and lines around the base64 text; the buffer gets a NUL at its end. */
static enum sp_status
write_lines(struct sp_view base64, struct writer *w)
{
	writer_bytes(w, view_of_string(begin_mark));
	writer_u8(w, '\n');
	while (base64.len > 0) {
		size_t n = base64.len < LINE_LEN ? base64.len : LINE_LEN;

		writer_bytes(w, view_of(base64.data, n));
		writer_u8(w, '\n');
		base64 = view_of(base64.data + n, base64.len - n);
	}
	writer_bytes(w, view_of_string(end_mark));
	writer_u8(w, '\n');
	writer_u8(w, '\0');
	return writer_finish(w);
}

static enum sp_status
armour(struct sp_view bytes, char **text)
{
	struct secret base64 = { NULL, 0 };
	struct buffer lines;
	struct writer w;
	enum sp_status status;

	buffer_init(&lines, LIMIT_KEY_FILE);
	writer_init(&w, &lines);
	status = secret_alloc(&base64, base64_text_len(bytes.len));
	if (status == SP_OK) {
		base64_encode(bytes, (char *)base64.data);
		status = write_lines(secret_view(&base64), &w);
	}
	secret_clear(&base64);
	if (status != SP_OK) {
		buffer_clear(&lines);
		return status;
	}
	/* Nothing was consumed, so the text begins where the memory does. */
	*text = (char *)lines.data;
	return SP_OK;
}

enum sp_status
sp_key_format(const struct sp_key *key, const char *comment, char **text)
{
	struct buffer container;
	enum sp_status status;

	buffer_init(&container, LIMIT_KEY_FILE);
	status = write_container(key, comment, &container);
	if (status == SP_OK)
		status = armour(buffer_view(&container), text);
	buffer_clear(&container);
	return status;
}

void
sp_key_free_text(char *text)
{
	if (text == NULL)
		return;
	OPENSSL_cleanse(text, strlen(text));
	free(text);
}
