/*
 * Writes the data types of RFC 4251 section 5 at the end of a buffer. A
 * failure (memory, the buffer's maximum) is latched, so an encoder is the
 * RFC's field list in order and one writer_finish().
 */
#ifndef SP_WIRE_WRITER_H
#define SP_WIRE_WRITER_H

#include "lib/wire/buffer.h"

struct writer {
	struct buffer *buffer; /* borrowed */
	enum sp_status status;
};

void writer_init(struct writer *, struct buffer *);

void writer_u8(struct writer *, uint8_t);
void writer_bool(struct writer *, bool);
void writer_u32(struct writer *, uint32_t);
void writer_u64(struct writer *, uint64_t);
void writer_bytes(struct writer *, struct sp_view);
void writer_string(struct writer *, struct sp_view);
/* A string of at most max bytes; a longer one is SP_ERR_LIMIT. */
void writer_string_max(struct writer *, struct sp_view, size_t max);
void writer_cstring(struct writer *, const char *);
/* A non-negative integer as unsigned big-endian bytes; zeros in front go. */
void writer_mpint(struct writer *, struct sp_view magnitude);

/*
 * A string whose length is not known yet: begin returns a mark, end
 * writes the length of what came since.
 */
size_t writer_begin_string(struct writer *);
void writer_end_string(struct writer *, size_t mark);

/* A uint32 into room of 4 bytes outside any buffer; what is behind it. */
static inline uint8_t *
writer_put_u32(uint8_t *room, uint32_t value)
{
	room[0] = (uint8_t)(value >> 24);
	room[1] = (uint8_t)(value >> 16);
	room[2] = (uint8_t)(value >> 8);
	room[3] = (uint8_t)value;
	return room + 4;
}

SP_MUST_USE enum sp_status writer_finish(const struct writer *);

#endif
