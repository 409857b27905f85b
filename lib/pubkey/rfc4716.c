/* Public keys in the file format of RFC 4716. */
#include "lib/limits.h"
#include "lib/pubkey/base64.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <sallyport/key.h>

static const char begin_mark[] = "---- BEGIN SSH2 PUBLIC KEY ----";
static const char end_mark[] = "---- END SSH2 PUBLIC KEY ----";

/* RFC 4716 3.3: a line, the value of a header; base64 has lines of 70. */
enum { LINE_MAX_LEN = 72, VALUE_MAX = 1024, BASE64_LEN = 70 };

static struct sp_view
skip(struct sp_view v, size_t n)
{
	return view_of(v.data + n, v.len - n);
}

/* ---- reading ---- */

/* Takes a line off the text: CR, LF or both end it (RFC 4716 3.1). */
static bool
next_line(struct sp_view *text, struct sp_view *line)
{
	size_t len = 0;

	if (text->len == 0)
		return false;
	while (len < text->len && text->data[len] != '\r' &&
	    text->data[len] != '\n')
		len++;
	*line = view_of(text->data, len);
	if (len + 1 < text->len && text->data[len] == '\r' &&
	    text->data[len + 1] == '\n')
		len++;
	*text = len < text->len ? skip(*text, len + 1) : view_of(NULL, 0);
	return true;
}

static bool
is_continued(struct sp_view line)
{
	return line.len > 0 && line.data[line.len - 1] == '\\';
}

/* RFC 4716 3.3: base64 has no colon, and headers come before it. */
static bool
is_header(struct sp_view line)
{
	return line.len > 0 && memchr(line.data, ':', line.len) != NULL;
}

static enum sp_status
append_body(struct sp_view text, struct buffer *base64)
{
	struct sp_view line = { NULL, 0 };
	bool is_over = false, is_head = true, in_header = false;
	enum sp_status status = SP_OK;

	while (status == SP_OK && !is_over && next_line(&text, &line)) {
		bool belongs = in_header || (is_head && is_header(line));

		in_header = belongs && is_continued(line);
		if (belongs)
			continue;
		is_head = false;
		is_over = view_equal_string(line, end_mark);
		if (!is_over)
			status = buffer_append(base64, line);
	}
	if (status != SP_OK)
		return status;
	while (next_line(&text, &line))
		if (line.len > 0)
			return SP_ERR_KEY_FORMAT;
	return is_over ? SP_OK : SP_ERR_KEY_FORMAT;
}

static bool
has_type(struct sp_view blob)
{
	struct reader r;
	struct sp_view type;

	reader_init(&r, blob);
	type = reader_string_max(&r, LIMIT_KEY_NAME);
	return !r.failed && type.len > 0 && !view_has_control(type);
}

enum sp_status
sp_key_parse_rfc4716(
    struct sp_view text, uint8_t *room, size_t size, size_t *len)
{
	struct sp_view line;
	struct buffer base64;
	size_t got = 0;
	enum sp_status status;

	if (text.len > LIMIT_KEY_FILE)
		return SP_ERR_LIMIT;
	if (!next_line(&text, &line) || !view_equal_string(line, begin_mark))
		return SP_ERR_KEY_FORMAT;
	buffer_init(&base64, LIMIT_KEY_FILE);
	status = append_body(text, &base64);
	if (status == SP_OK && base64_bytes_len(buffer_view(&base64)) > size)
		status = SP_ERR_LIMIT;
	if (status == SP_OK &&
	    (!base64_decode(buffer_view(&base64), room, size, &got) ||
		!has_type(view_of(room, got))))
		status = SP_ERR_KEY_FORMAT;
	buffer_clear(&base64);
	if (status == SP_OK)
		*len = got;
	return status;
}

/* ---- writing ---- */

/* A line too long goes on in the next one, behind a backslash. */
static void
write_comment(struct writer *w, const char *comment)
{
	size_t column = strlen("Comment: \"");

	writer_bytes(w, view_of_string("Comment: \""));
	for (const char *c = comment; *c != '\0'; c++) {
		/* Room for the backslash, or for the quote at the end. */
		if (column++ == LINE_MAX_LEN - 1) {
			writer_bytes(w, view_of_string("\\\n"));
			column = 1;
		}
		writer_u8(w, (uint8_t)*c);
	}
	writer_bytes(w, view_of_string("\"\n"));
}

static void
write_base64(struct writer *w, struct sp_view blob)
{
	enum { PIECE = 3 * 16 };
	char text[PIECE / 3 * 4];
	size_t column = 0;

	while (blob.len > 0) {
		size_t n = blob.len < PIECE ? blob.len : PIECE;

		base64_encode(view_of(blob.data, n), text);
		for (size_t i = 0; i < base64_text_len(n); i++) {
			if (column++ == BASE64_LEN) {
				writer_u8(w, '\n');
				column = 1;
			}
			writer_u8(w, (uint8_t)text[i]);
		}
		blob = skip(blob, n);
	}
	writer_u8(w, '\n');
}

enum sp_status
sp_key_format_rfc4716(struct sp_view key_blob, const char *comment, char **text)
{
	struct buffer lines;
	struct writer w;

	if (!has_type(key_blob))
		return SP_ERR_KEY_FORMAT;
	if (comment != NULL &&
	    (strlen(comment) > VALUE_MAX - 2 ||
		view_has_control(view_of_string(comment))))
		return SP_ERR_ARGUMENT;
	buffer_init(&lines, LIMIT_KEY_FILE);
	writer_init(&w, &lines);
	writer_bytes(&w, view_of_string(begin_mark));
	writer_u8(&w, '\n');
	if (comment != NULL && *comment != '\0')
		write_comment(&w, comment);
	write_base64(&w, key_blob);
	writer_bytes(&w, view_of_string(end_mark));
	writer_u8(&w, '\n');
	writer_u8(&w, '\0');
	if (writer_finish(&w) != SP_OK) {
		buffer_clear(&lines);
		return w.status;
	}
	*text = (char *)lines.data;
	return SP_OK;
}
