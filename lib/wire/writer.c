/* The data types of RFC 4251 section 5, written into a buffer. */
#include "lib/wire/writer.h"

void
writer_init(struct writer *w, struct buffer *b)
{
	*w = (struct writer){ .buffer = b, .status = SP_OK };
}

void
writer_bytes(struct writer *w, struct sp_view v)
{
	if (w->status == SP_OK)
		w->status = buffer_append(w->buffer, v);
}

static void
write_integer(struct writer *w, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
	writer_bytes(w, view_of(bytes, size));
}

void
writer_u8(struct writer *w, uint8_t value)
{
	write_integer(w, value, 1);
}

void
writer_bool(struct writer *w, bool value)
{
	writer_u8(w, value ? 1 : 0);
}

void
writer_u32(struct writer *w, uint32_t value)
{
	write_integer(w, value, 4);
}

void
writer_u64(struct writer *w, uint64_t value)
{
	write_integer(w, value, 8);
}

void
writer_string(struct writer *w, struct sp_view v)
{
	if (v.len > UINT32_MAX) {
		w->status = SP_ERR_LIMIT;
		return;
	}
	writer_u32(w, (uint32_t)v.len);
	writer_bytes(w, v);
}

void
writer_string_max(struct writer *w, struct sp_view v, size_t max)
{
	if (v.len > max && w->status == SP_OK)
		w->status = SP_ERR_LIMIT;
	writer_string(w, v);
}

void
writer_cstring(struct writer *w, const char *s)
{
	writer_string(w, view_of_string(s));
}

void
writer_mpint(struct writer *w, struct sp_view magnitude)
{
	bool needs_sign;

	while (magnitude.len > 0 && magnitude.data[0] == 0)
		magnitude = view_of(magnitude.data + 1, magnitude.len - 1);
	needs_sign = magnitude.len > 0 && (magnitude.data[0] & 0x80) != 0;
	if (magnitude.len >= UINT32_MAX) {
		w->status = SP_ERR_LIMIT;
		return;
	}
	writer_u32(w, (uint32_t)magnitude.len + (needs_sign ? 1 : 0));
	if (needs_sign)
		writer_u8(w, 0);
	writer_bytes(w, magnitude);
}

size_t
writer_begin_string(struct writer *w)
{
	size_t mark = buffer_len(w->buffer);

	writer_u32(w, 0);
	return mark;
}

void
writer_end_string(struct writer *w, size_t mark)
{
	size_t len;
	uint8_t *at;

	if (w->status != SP_OK)
		return;
	len = buffer_len(w->buffer) - mark - 4;
	if (len > UINT32_MAX) {
		w->status = SP_ERR_LIMIT;
		return;
	}
	at = w->buffer->data + w->buffer->start + mark;
	writer_put_u32(at, (uint32_t)len);
}

enum sp_status
writer_finish(const struct writer *w)
{
	return w->status;
}
