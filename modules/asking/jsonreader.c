/* Reading JSON, character by character. */
#include "modules/asking/jsonreader.h"

#include "modules/asking/jsonwriter.h"

#include <string.h>

/* Larger whole numbers are not the same everywhere (RFC 8259, section 6). */
#define NUMBER_MAX ((uint64_t)1 << 53)

/* A string on its way into its room; the NUL comes last. */
struct text {
	char *room;
	size_t size, len;
};

void
jsonreader_init(struct jsonreader *r, struct sp_view text)
{
	*r = (struct jsonreader){ .rest = text };
}

void
jsonreader_fail(struct jsonreader *r)
{
	r->failed = true;
	r->rest.len = 0;
}

static void
skip(struct jsonreader *r, size_t len)
{
	r->rest.data += len;
	r->rest.len -= len;
}

static void
skip_blanks(struct jsonreader *r)
{
	while (r->rest.len > 0 && memchr(" \t\n\r", r->rest.data[0], 4) != NULL)
		skip(r, 1);
}

/* What is next, but for blanks; 0 at the end. */
static uint8_t
peek(struct jsonreader *r)
{
	skip_blanks(r);
	return r->rest.len == 0 ? 0 : r->rest.data[0];
}

static bool
take(struct jsonreader *r, uint8_t c)
{
	if (peek(r) != c || r->rest.len == 0)
		return false;
	skip(r, 1);
	return true;
}

static void
expect(struct jsonreader *r, uint8_t c)
{
	if (!take(r, c))
		jsonreader_fail(r);
}

static void
expect_word(struct jsonreader *r, const char *word)
{
	size_t len = strlen(word);

	if (r->rest.len < len || memcmp(r->rest.data, word, len) != 0)
		jsonreader_fail(r);
	else
		skip(r, len);
}

/* ---- strings ---- */

static void
put(struct jsonreader *r, struct text *text, const uint8_t *bytes, size_t len)
{
	if (r->failed || len >= text->size - text->len) {
		jsonreader_fail(r);
		return;
	}
	memcpy(text->room + text->len, bytes, len);
	text->len += len;
}

/* Four hexadecimal digits. */
static uint32_t
take_unit(struct jsonreader *r)
{
	uint32_t unit = 0;

	if (r->rest.len < 4) {
		jsonreader_fail(r);
		return 0;
	}
	for (size_t i = 0; i < 4; i++) {
		uint8_t c = r->rest.data[i];
		uint32_t digit = c >= '0' && c <= '9' ? c - (uint32_t)'0'
		    : c >= 'a' && c <= 'f'	      ? c - (uint32_t)'a' + 10
		    : c >= 'A' && c <= 'F'	      ? c - (uint32_t)'A' + 10
						      : 16;

		if (digit == 16) {
			jsonreader_fail(r);
			return 0;
		}
		unit = unit << 4 | digit;
	}
	skip(r, 4);
	return unit;
}

static void
put_code(struct jsonreader *r, struct text *text, uint32_t code)
{
	static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	uint8_t bytes[4];
	size_t len = code < 0x80 ? 1
	    : code < 0x800	 ? 2
	    : code < 0x10000	 ? 3
				 : 4;

	if (code == 0) {
		jsonreader_fail(r);
		return;
	}
	for (size_t i = len; i-- > 1; code >>= 6)
		bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
	bytes[0] = (uint8_t)(first[len] | code);
	put(r, text, bytes, len);
}

/* "\ud83d\ude00" is one character; half of one is none. */
static void
take_unicode(struct jsonreader *r, struct text *text)
{
	uint32_t unit = take_unit(r), low;

	if (unit >= 0xd800 && unit < 0xdc00) {
		expect_word(r, "\\u");
		low = take_unit(r);
		if (low < 0xdc00 || low > 0xdfff)
			jsonreader_fail(r);
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	} else if (unit >= 0xdc00 && unit < 0xe000) {
		jsonreader_fail(r);
	}
	if (!r->failed)
		put_code(r, text, unit);
}

static void
take_escape(struct jsonreader *r, struct text *text)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	uint8_t c = r->rest.len == 0 ? 0 : r->rest.data[0];
	const char *at = c == 0 ? NULL : strchr(letters, c);

	if (c == 'u') {
		skip(r, 1);
		take_unicode(r, text);
	} else if (at != NULL) {
		skip(r, 1);
		put(r, text, (const uint8_t *)&meanings[at - letters], 1);
	} else {
		jsonreader_fail(r);
	}
}

static void
take_character(struct jsonreader *r, struct text *text)
{
	size_t len = jsonwriter_character(r->rest);

	if (len == 0 || r->rest.data[0] < 0x20) {
		jsonreader_fail(r);
	} else if (r->rest.data[0] == '\\') {
		skip(r, 1);
		take_escape(r, text);
	} else {
		put(r, text, r->rest.data, len);
		if (!r->failed)
			skip(r, len);
	}
}

void
jsonreader_string(struct jsonreader *r, char *value, size_t size)
{
	struct text text = { .room = value, .size = size };

	expect(r, '"');
	while (!r->failed && (r->rest.len == 0 || r->rest.data[0] != '"'))
		take_character(r, &text);
	if (!r->failed)
		skip(r, 1);
	value[r->failed ? 0 : text.len] = '\0';
}

/* ---- other values ---- */

static bool
is_digit(const struct jsonreader *r)
{
	return r->rest.len > 0 && r->rest.data[0] >= '0' &&
	    r->rest.data[0] <= '9';
}

/* What goes on behind it (".5", "e3", another digit) fails where it is met. */
uint64_t
jsonreader_number(struct jsonreader *r)
{
	uint64_t value = 0;
	bool is_zero = peek(r) == '0';

	if (!is_digit(r))
		jsonreader_fail(r);
	while (is_digit(r) && value <= NUMBER_MAX) {
		value = value * 10 + (r->rest.data[0] - (uint64_t)'0');
		skip(r, 1);
		if (is_zero)
			break;
	}
	if (value > NUMBER_MAX)
		jsonreader_fail(r);
	return r->failed ? 0 : value;
}

bool
jsonreader_bool(struct jsonreader *r)
{
	bool value = peek(r) == 't';

	expect_word(r, value ? "true" : "false");
	return value && !r->failed;
}

bool
jsonreader_is_object(struct jsonreader *r)
{
	return peek(r) == '{';
}

bool
jsonreader_next(struct jsonreader *r, struct jsonobject *object,
    char name[JSONREADER_NAME_SIZE])
{
	bool is_first = !object->has_begun;

	if (is_first)
		expect(r, '{');
	object->has_begun = true;
	if (r->failed || take(r, '}'))
		return false;
	if (!is_first)
		expect(r, ',');
	jsonreader_string(r, name, JSONREADER_NAME_SIZE);
	expect(r, ':');
	return !r->failed;
}

bool
jsonreader_end(struct jsonreader *r)
{
	skip_blanks(r);
	return !r->failed && r->rest.len == 0;
}
