/*
 * A buffer owns bytes, grows up to a maximum, and gives them away from
 * the front: [consumed | content | room]. Content never moves unless the
 * caller asks for room.
 */
#ifndef SP_WIRE_BUFFER_H
#define SP_WIRE_BUFFER_H

#include "lib/wire/view.h"

struct buffer {
	uint8_t *data;
	size_t start; /* content is data[start .. end) */
	size_t end;
	size_t capacity;
	size_t max; /* content never grows past this many bytes */
};

/* Allocates nothing yet. */
void buffer_init(struct buffer *, size_t max);
/* Wipes and frees; the buffer may be used again. */
void buffer_clear(struct buffer *);

static inline size_t
buffer_len(const struct buffer *b)
{
	return b->end - b->start;
}

static inline struct sp_view
buffer_view(const struct buffer *b)
{
	return view_of(
	    b->data == NULL ? NULL : b->data + b->start, b->end - b->start);
}

/*
 * Makes room for at least n more bytes and points *room at it; the bytes
 * count once buffer_grew() says so. SP_ERR_LIMIT past max, SP_ERR_MEMORY.
 * May move the content.
 */
SP_MUST_USE enum sp_status
buffer_room(struct buffer *, size_t n, uint8_t **room);
void buffer_grew(struct buffer *, size_t n);

SP_MUST_USE enum sp_status buffer_append(struct buffer *, struct sp_view);

/* Drops n bytes from the front, or from the end. */
void buffer_consume(struct buffer *, size_t n);
void buffer_truncate(struct buffer *, size_t len);

/* Gives memory back when there is no content; otherwise does nothing. */
void buffer_relax(struct buffer *);

#endif
