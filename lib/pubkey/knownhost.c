/*
 * A line of a known_hosts file (sshd(8)): a marker or none, names, and a
 * key. It is the names that say for whom the key is good.
 */
#include "lib/limits.h"
#include "lib/pubkey/base64.h"
#include "lib/pubkey/publicline.h"
#include "lib/wire/view.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sallyport/key.h>

/* A name that was hashed: "|1|SALT|HASH", both of base64. */
enum {
	HASH_LEN = 20,
	HASH_TEXT = 28,
	HASHED_LEN = 3 + HASH_TEXT + 1 + HASH_TEXT
};

/* ---- a line ---- */

static bool
take_marker(struct sp_view *rest, enum sp_known_host_kind *kind)
{
	struct sp_view marker = publicline_take_word(rest);

	if (view_equal_string(marker, "@cert-authority"))
		*kind = SP_KNOWN_HOST_AUTHORITY;
	else if (view_equal_string(marker, "@revoked"))
		*kind = SP_KNOWN_HOST_REVOKED;
	else
		return false;
	return true;
}

enum sp_status
sp_known_host_parse(struct sp_view line, struct sp_known_host *parts)
{
	struct sp_known_host cut = { .kind = SP_KNOWN_HOST_NONE };
	struct sp_view rest;

	if (line.len > LIMIT_KEY_LINE)
		return SP_ERR_LIMIT;
	rest = publicline_trim(line);
	if (rest.len == 0 || rest.data[0] == '#') {
		*parts = cut;
		return SP_OK;
	}
	cut.kind = SP_KNOWN_HOST_KEY;
	if (rest.data[0] == '@' && !take_marker(&rest, &cut.kind))
		return SP_ERR_KEY_FORMAT;
	cut.names = publicline_take_word(&rest);
	if (cut.names.len == 0 || view_has_control(cut.names) ||
	    sp_key_parse_line(rest, &cut.key) != SP_OK ||
	    cut.key.type.len == 0 || cut.key.options.len > 0)
		return SP_ERR_KEY_FORMAT;
	*parts = cut;
	return SP_OK;
}

/* ---- names ---- */

static char
to_lower(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* False for what cannot be a name. */
static bool
lower_name(const char *name, char lower[LIMIT_HOST_NAME + 1])
{
	size_t len = strlen(name);

	if (len == 0 || len > LIMIT_HOST_NAME)
		return false;
	for (size_t i = 0; i <= len; i++)
		lower[i] = to_lower((uint8_t)name[i]);
	return true;
}

/*
 * Back to the last "*" alone, which then stands for one character more: the
 * time is at most the product of both lengths.
 */
static bool
fits(struct sp_view pattern, const char *name)
{
	size_t at = 0, star = pattern.len;
	const char *from = name;

	while (*name != '\0') {
		uint8_t c = at < pattern.len ? pattern.data[at] : 0;

		if (c == '*') {
			star = at++;
			from = name;
		} else if (c == '?' || (c != 0 && to_lower(c) == *name)) {
			at++;
			name++;
		} else if (star < pattern.len) {
			at = star + 1;
			name = ++from;
		} else {
			return false;
		}
	}
	while (at < pattern.len && pattern.data[at] == '*')
		at++;
	return at == pattern.len;
}

static struct sp_view
take_pattern(struct sp_view *list)
{
	const uint8_t *comma = memchr(list->data, ',', list->len);
	struct sp_view pattern = *list;

	if (comma != NULL)
		pattern.len = (size_t)(comma - list->data);
	list->data += pattern.len + (comma != NULL);
	list->len -= pattern.len + (comma != NULL);
	return pattern;
}

/* One behind "!" keeps out, whatever the others say. */
static bool
fits_list(struct sp_view list, const char *name)
{
	bool is_in = false;

	while (list.len > 0) {
		struct sp_view pattern = take_pattern(&list);
		bool is_negated = pattern.len > 0 && pattern.data[0] == '!';

		if (is_negated)
			pattern = view_of(pattern.data + 1, pattern.len - 1);
		if (!fits(pattern, name))
			continue;
		if (is_negated)
			return false;
		is_in = true;
	}
	return is_in;
}

static bool
decode_part(const uint8_t *text, uint8_t bytes[HASH_LEN])
{
	size_t len;

	return base64_decode(view_of(text, HASH_TEXT), bytes, HASH_LEN, &len) &&
	    len == HASH_LEN;
}

static bool
is_hash_of(struct sp_view hashed, const char *name)
{
	uint8_t salt[HASH_LEN], wanted[HASH_LEN], hash[HASH_LEN];
	const uint8_t *text = hashed.data;
	size_t len;

	if (hashed.len != HASHED_LEN || memcmp(text, "|1|", 3) != 0 ||
	    text[3 + HASH_TEXT] != '|' || !decode_part(text + 3, salt) ||
	    !decode_part(text + 3 + HASH_TEXT + 1, wanted))
		return false;
	/* SHA-1 is among no algorithms that are kept: see krl.c. */
	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, salt, sizeof salt,
		   (const uint8_t *)name, strlen(name), hash, sizeof hash,
		   &len) != NULL &&
	    len == sizeof hash && CRYPTO_memcmp(hash, wanted, len) == 0;
}

bool
sp_known_host_is_for(const struct sp_known_host *host, const char *name)
{
	char lower[LIMIT_HOST_NAME + 1];

	if (host->names.len == 0 || !lower_name(name, lower))
		return false;
	return host->names.data[0] == '|' ? is_hash_of(host->names, lower)
					  : fits_list(host->names, lower);
}
