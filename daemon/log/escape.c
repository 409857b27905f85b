/* Bytes of any origin as text that is safe to show. */
#include "daemon/log/escape.h"

#include <stdio.h>

static bool
is_plain(uint8_t byte, bool as_word)
{
	return byte > (as_word ? 0x20 : 0x1f) && byte < 0x7f && byte != '\\';
}

void
escape_text(struct writer *w, struct sp_view v, bool as_word)
{
	for (size_t i = 0; i < v.len; i++) {
		char hex[5];

		if (is_plain(v.data[i], as_word)) {
			writer_u8(w, v.data[i]);
		} else if (v.data[i] == '\\') {
			writer_bytes(w, view_of("\\\\", 2));
		} else {
			snprintf(hex, sizeof hex, "\\x%02x", v.data[i]);
			writer_bytes(w, view_of_string(hex));
		}
	}
}

void
escape_json(struct writer *w, struct sp_view v)
{
	for (size_t i = 0; i < v.len; i++) {
		char hex[7];

		if (v.data[i] == '"' || v.data[i] == '\\') {
			writer_u8(w, '\\');
			writer_u8(w, v.data[i]);
		} else if (is_plain(v.data[i], false)) {
			writer_u8(w, v.data[i]);
		} else {
			snprintf(hex, sizeof hex, "\\u%04x", v.data[i]);
			writer_bytes(w, view_of_string(hex));
		}
	}
}
