/* Writing JSON: strings, whole numbers and booleans. */
#include "modules/asking/jsonwriter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
put(struct jsonwriter *w, const void *bytes, size_t len)
{
	if (w->failed || len > w->size - w->len) {
		w->failed = true;
		return;
	}
	memcpy(w->room + w->len, bytes, len);
	w->len += len;
}

static void
put_text(struct jsonwriter *w, const char *text)
{
	put(w, text, strlen(text));
}

/* RFC 3629: the shortest form, no surrogates, nothing past U+10FFFF. */
size_t
jsonwriter_character(struct sp_view v)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t len;

	if (v.len == 0)
		return 0;
	if (v.data[0] < 0x80)
		return 1;
	if (v.data[0] < 0xc2 || v.data[0] > 0xf4)
		return 0;
	len = v.data[0] < 0xe0 ? 2 : v.data[0] < 0xf0 ? 3 : 4;
	if (len > v.len)
		return 0;
	code = v.data[0] & (0xffU >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((v.data[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (v.data[i] & 0x3f);
	}
	return code < least[len] || code > 0x10ffff ||
		(code >= 0xd800 && code < 0xe000)
	    ? 0
	    : len;
}

static void
put_character(struct jsonwriter *w, const char *at, size_t len)
{
	unsigned char c = (unsigned char)*at;
	char escaped[8];

	if (c == '"' || c == '\\') {
		put(w, "\\", 1);
		put(w, at, 1);
	} else if (c < 0x20 || c == 0x7f) {
		snprintf(escaped, sizeof escaped, "\\u%04x", c);
		put(w, escaped, 6);
	} else {
		put(w, at, len);
	}
}

static void
put_string(struct jsonwriter *w, const char *text)
{
	size_t left = strlen(text);

	put(w, "\"", 1);
	while (left > 0 && !w->failed) {
		struct sp_view rest = { (const uint8_t *)text, left };
		size_t len = jsonwriter_character(rest);

		if (len == 0) {
			w->failed = true;
			return;
		}
		put_character(w, text, len);
		text += len;
		left -= len;
	}
	put(w, "\"", 1);
}

static void
put_name(struct jsonwriter *w, const char *name)
{
	if (w->has_members)
		put(w, ",", 1);
	w->has_members = true;
	put_string(w, name);
	put(w, ":", 1);
}

void
jsonwriter_begin(struct jsonwriter *w, char *room, size_t size)
{
	*w = (struct jsonwriter){ .room = room, .size = size };
	put(w, "{", 1);
}

void
jsonwriter_string(struct jsonwriter *w, const char *name, const char *value)
{
	put_name(w, name);
	put_string(w, value);
}

void
jsonwriter_number(struct jsonwriter *w, const char *name, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRIu64, value);
	put_name(w, name);
	put_text(w, digits);
}

void
jsonwriter_bool(struct jsonwriter *w, const char *name, bool value)
{
	put_name(w, name);
	put_text(w, value ? "true" : "false");
}

size_t
jsonwriter_end(struct jsonwriter *w)
{
	put(w, "}\n", 2);
	return w->failed ? 0 : w->len;
}
