/* version (1), expiry (8, the highest first), identity NUL, options NUL */
#include "modules/keydb/keyrecord.h"

enum { FORMAT = 1, HEAD = 1 + 8, FINGERPRINT_LEN = 7 + 43 };

static bool
is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	return true;
}

bool
keyrecord_set_identity(struct keyrecord *record, const char *identity)
{
	size_t len = strlen(identity);

	if (len == 0 || len >= sizeof record->identity ||
	    !is_plain(identity, len))
		return false;
	memcpy(record->identity, identity, len + 1);
	return true;
}

bool
keyrecord_set_options(struct keyrecord *record, const char *options)
{
	size_t len = strlen(options);

	if (len >= sizeof record->options || !is_plain(options, len))
		return false;
	memcpy(record->options, options, len + 1);
	return true;
}

size_t
keyrecord_encode(const struct keyrecord *record, uint8_t room[KEYRECORD_MAX])
{
	size_t identity = strlen(record->identity) + 1;
	size_t options = strlen(record->options) + 1;

	room[0] = FORMAT;
	for (int i = 0; i < 8; i++)
		room[1 + i] = (uint8_t)(record->expires >> (56 - 8 * i));
	memcpy(room + HEAD, record->identity, identity);
	memcpy(room + HEAD + identity, record->options, options);
	return HEAD + identity + options;
}

/* Takes a text with its NUL off the front. */
static bool
take_text(struct sp_view *bytes, char *room, size_t size)
{
	const uint8_t *end =
	    bytes->len == 0 ? NULL : memchr(bytes->data, '\0', bytes->len);
	size_t len;

	if (end == NULL)
		return false;
	len = (size_t)(end - bytes->data);
	if (len >= size || !is_plain((const char *)bytes->data, len))
		return false;
	memcpy(room, bytes->data, len + 1);
	bytes->data += len + 1;
	bytes->len -= len + 1;
	return true;
}

bool
keyrecord_decode(struct sp_view bytes, struct keyrecord *record)
{
	struct keyrecord got = { .expires = 0 };

	if (bytes.len < HEAD || bytes.data[0] != FORMAT)
		return false;
	for (int i = 0; i < 8; i++)
		got.expires = got.expires << 8 | bytes.data[1 + i];
	bytes.data += HEAD;
	bytes.len -= HEAD;
	if (!take_text(&bytes, got.identity, sizeof got.identity) ||
	    !take_text(&bytes, got.options, sizeof got.options) ||
	    bytes.len != 0 || got.identity[0] == '\0')
		return false;
	*record = got;
	return true;
}

bool
keyrecord_is_fingerprint(const char *text)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	return strlen(text) == FINGERPRINT_LEN &&
	    strncmp(text, "SHA256:", 7) == 0 &&
	    strspn(text + 7, base64) == FINGERPRINT_LEN - 7;
}
