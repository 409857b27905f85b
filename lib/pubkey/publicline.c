/*
 * A line of a public key or authorized_keys file (sshd(8)): options, type,
 * key, comment. What is cut here decides what a key may do, so a line that
 * could be cut in two ways is not a line.
 */
#include "lib/pubkey/publicline.h"

#include "lib/limits.h"
#include "lib/pubkey/base64.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <sallyport/key.h>

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct sp_view
skip(struct sp_view v, size_t n)
{
	return view_of(v.data + n, v.len - n);
}

static struct sp_view
skip_blanks(struct sp_view v)
{
	while (v.len > 0 && is_blank(v.data[0]))
		v = skip(v, 1);
	return v;
}

struct sp_view
publicline_trim(struct sp_view line)
{
	if (line.len > 0 && line.data[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	while (line.len > 0 && is_blank(line.data[line.len - 1]))
		line.len--;
	return skip_blanks(line);
}

struct sp_view
publicline_take_word(struct sp_view *rest)
{
	struct sp_view word = *rest;
	size_t n = 0;

	while (n < rest->len && !is_blank(rest->data[n]))
		n++;
	word.len = n;
	*rest = skip_blanks(skip(*rest, n));
	return word;
}

/*
 * Takes the options: they end at the first white space outside double
 * quotes, and a backslash takes the meaning from a quote. False when a
 * quote is left open.
 */
static bool
take_options(struct sp_view *rest, struct sp_view *options)
{
	const uint8_t *text = rest->data;
	bool quoted = false;
	size_t n = 0;

	while (n < rest->len && (quoted || !is_blank(text[n]))) {
		if (text[n] == '\\' && n + 1 < rest->len && text[n + 1] == '"')
			n++;
		else if (text[n] == '"')
			quoted = !quoted;
		n++;
	}
	*options = view_of(text, n);
	*rest = skip_blanks(skip(*rest, n));
	return !quoted;
}

/* True when the blob, of which only the front is decoded, names this type. */
static bool
is_of_type(struct sp_view base64, struct sp_view type)
{
	uint8_t front[4 + LIMIT_KEY_NAME + 2];
	struct reader r;
	size_t len;

	if (type.len == 0 || type.len > LIMIT_KEY_NAME)
		return false;
	len = base64_text_len(4 + type.len);
	if (base64.len < len)
		return false;
	if (!base64_decode(
		view_of(base64.data, len), front, sizeof front, &len))
		return false;
	reader_init(&r, view_of(front, len));
	return view_equal(reader_string(&r), type);
}

/* Type, key and comment, at the beginning of rest. */
static bool
cut_key(struct sp_view rest, struct sp_key_line *parts)
{
	parts->type = publicline_take_word(&rest);
	parts->base64 = publicline_take_word(&rest);
	parts->comment = rest;
	return is_of_type(parts->base64, parts->type);
}

enum sp_status
sp_key_parse_line(struct sp_view line, struct sp_key_line *parts)
{
	struct sp_key_line cut = { 0 };
	struct sp_view rest;

	if (line.len > LIMIT_KEY_LINE)
		return SP_ERR_LIMIT;
	rest = publicline_trim(line);
	if (rest.len == 0 || rest.data[0] == '#') {
		*parts = cut;
		return SP_OK;
	}
	if (memchr(rest.data, '\0', rest.len) != NULL ||
	    memchr(rest.data, '\n', rest.len) != NULL)
		return SP_ERR_KEY_FORMAT;
	if (!cut_key(rest, &cut) &&
	    (!take_options(&rest, &cut.options) || !cut_key(rest, &cut)))
		return SP_ERR_KEY_FORMAT;
	*parts = cut;
	return SP_OK;
}

/*
 * Base64 is canonical here, so keys are equal when their texts are. All
 * keys of a type begin alike: the last characters are compared first.
 */
bool
sp_key_line_is(const struct sp_key_line *parts, struct sp_view key_blob)
{
	enum { PIECE = 48 };
	struct sp_view text = parts->base64;
	char expected[64];
	size_t tail;

	if (key_blob.len == 0 || text.len != base64_text_len(key_blob.len))
		return false;
	tail = (key_blob.len - 1) % 3 + 1;
	base64_encode(skip(key_blob, key_blob.len - tail), expected);
	if (memcmp(text.data + text.len - 4, expected, 4) != 0)
		return false;
	while (key_blob.len > 0) {
		size_t n = key_blob.len < PIECE ? key_blob.len : PIECE;

		base64_encode(view_of(key_blob.data, n), expected);
		if (memcmp(text.data, expected, base64_text_len(n)) != 0)
			return false;
		key_blob = skip(key_blob, n);
		text = skip(text, base64_text_len(n));
	}
	return true;
}

/* Takes off the text the line that holds the byte at, and gives it back. */
static struct sp_view
take_line_around(struct sp_view *text, const uint8_t *at)
{
	size_t before = (size_t)(at - text->data);
	const uint8_t *start = memrchr(text->data, '\n', before);
	const uint8_t *end = memchr(at, '\n', text->len - before);
	struct sp_view line;

	start = start == NULL ? text->data : start + 1;
	end = end == NULL ? text->data + text->len : end + 1;
	line = view_of(start, (size_t)(end - start));
	*text = skip(*text, (size_t)(end - text->data));
	return line;
}

/* The line must hold the end of the key's base64: that is searched first. */
bool
sp_key_find_line(
    struct sp_view *text, struct sp_view key_blob, struct sp_key_line *parts)
{
	enum { TAIL_MAX = 24 };
	char needle[TAIL_MAX / 3 * 4];
	struct sp_view tail = key_blob;
	const uint8_t *at;

	if (tail.len > TAIL_MAX)
		tail = skip(tail, (tail.len - TAIL_MAX + 2) / 3 * 3);
	base64_encode(tail, needle);
	while (text->len > 0 && tail.len > 0 &&
	    (at = memmem(text->data, text->len, needle,
		 base64_text_len(tail.len))) != NULL) {
		struct sp_view line = take_line_around(text, at);
		struct sp_key_line found;

		if (sp_key_parse_line(line, &found) == SP_OK &&
		    sp_key_line_is(&found, key_blob)) {
			*parts = found;
			return true;
		}
	}
	*text = view_of(NULL, 0);
	return false;
}

enum sp_status
sp_key_line_blob(
    const struct sp_key_line *parts, uint8_t *room, size_t size, size_t *len)
{
	struct sp_view text = parts->base64;

	if (text.len == 0)
		return SP_ERR_KEY_FORMAT;
	if (base64_bytes_len(text) > size)
		return SP_ERR_LIMIT;
	if (!base64_decode(text, room, size, len))
		return SP_ERR_KEY_FORMAT;
	return SP_OK;
}

static void
write_line(struct writer *w, struct sp_view type, struct sp_view blob,
    const char *comment)
{
	uint8_t *room = NULL;
	size_t len = base64_text_len(blob.len);

	writer_bytes(w, type);
	writer_u8(w, ' ');
	if (w->status == SP_OK)
		w->status = buffer_room(w->buffer, len, &room);
	if (w->status == SP_OK) {
		base64_encode(blob, (char *)room);
		buffer_grew(w->buffer, len);
	}
	if (comment != NULL && comment[0] != '\0') {
		writer_u8(w, ' ');
		writer_bytes(w, view_of_string(comment));
	}
	writer_u8(w, '\n');
	writer_u8(w, '\0');
}

enum sp_status
sp_key_format_line(struct sp_view key_blob, const char *comment, char **text)
{
	struct sp_view type;
	struct buffer line;
	struct reader r;
	struct writer w;

	reader_init(&r, key_blob);
	type = reader_string_max(&r, LIMIT_KEY_NAME);
	if (r.failed || type.len == 0)
		return SP_ERR_KEY_FORMAT;
	if (comment != NULL && strpbrk(comment, "\r\n") != NULL)
		return SP_ERR_ARGUMENT;
	buffer_init(&line, LIMIT_KEY_LINE);
	writer_init(&w, &line);
	write_line(&w, type, key_blob, comment);
	if (writer_finish(&w) != SP_OK) {
		buffer_clear(&line);
		return w.status;
	}
	*text = (char *)line.data;
	return SP_OK;
}
