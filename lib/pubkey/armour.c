/* Text armour around private keys. */
#include "lib/pubkey/armour.h"

#include "lib/limits.h"
#include "lib/pubkey/base64.h"
#include "lib/wire/writer.h"

#include <stdio.h>

enum { LINE_LEN = 70, LABEL_MAX = 64, MARK_SIZE = LABEL_MAX + 32 };

static const char begin[] = "-----BEGIN ";
static const char dashes[] = "-----";

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

/* What stands behind "-----BEGIN " up to the next dash. */
static bool
find_label(struct sp_view text, struct sp_view *label)
{
	size_t begin_len = sizeof begin - 1, len = 0;

	if (text.len < begin_len || memcmp(text.data, begin, begin_len) != 0)
		return false;
	text = view_of(text.data + begin_len, text.len - begin_len);
	while (len < text.len && len <= LABEL_MAX && text.data[len] != '-')
		len++;
	*label = view_of(text.data, len);
	return len <= LABEL_MAX && !view_has_control(*label);
}

bool
armour_find(struct sp_view text, struct armour *armour)
{
	char first[MARK_SIZE], last[MARK_SIZE];
	struct sp_view label;
	size_t first_len, last_len;

	text = trim(text);
	if (!find_label(text, &label))
		return false;
	first_len = (size_t)snprintf(first, sizeof first, "%s%.*s%s", begin,
	    (int)label.len, (const char *)label.data, dashes);
	last_len = (size_t)snprintf(last, sizeof last, "%sEND %.*s%s", dashes,
	    (int)label.len, (const char *)label.data, dashes);
	if (text.len < first_len + last_len ||
	    memcmp(text.data, first, first_len) != 0 ||
	    memcmp(text.data + text.len - last_len, last, last_len) != 0)
		return false;
	armour->label = label;
	armour->lines =
	    view_of(text.data + first_len, text.len - first_len - last_len);
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

enum sp_status
armour_decode(struct sp_view lines, struct secret *bytes)
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

static void
write_mark(struct writer *w, const char *which, const char *label)
{
	writer_bytes(w, view_of_string(dashes));
	writer_bytes(w, view_of_string(which));
	writer_bytes(w, view_of_string(label));
	writer_bytes(w, view_of_string(dashes));
	writer_u8(w, '\n');
}

/* The buffer gets a NUL at its end. */
static enum sp_status
write_lines(const char *label, struct sp_view base64, struct writer *w)
{
	write_mark(w, "BEGIN ", label);
	while (base64.len > 0) {
		size_t n = base64.len < LINE_LEN ? base64.len : LINE_LEN;

		writer_bytes(w, view_of(base64.data, n));
		writer_u8(w, '\n');
		base64 = view_of(base64.data + n, base64.len - n);
	}
	write_mark(w, "END ", label);
	writer_u8(w, '\0');
	return writer_finish(w);
}

enum sp_status
armour_write(const char *label, struct sp_view bytes, char **text)
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
		status = write_lines(label, secret_view(&base64), &w);
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
