/* A growing byte buffer with a maximum, consumed from the front. */
#include "lib/wire/buffer.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>

void
buffer_init(struct buffer *b, size_t max)
{
	*b = (struct buffer){ .max = max };
}

void
buffer_clear(struct buffer *b)
{
	if (b->data != NULL)
		OPENSSL_cleanse(b->data, b->capacity);
	free(b->data);
	buffer_init(b, b->max);
}

static enum sp_status
grow(struct buffer *b, size_t need)
{
	size_t capacity = b->capacity < 256 ? 256 : b->capacity;
	uint8_t *data;

	while (capacity < need)
		capacity *= 2;
	data = malloc(capacity);
	if (data == NULL)
		return SP_ERR_MEMORY;
	if (b->data != NULL) {
		memcpy(data, b->data + b->start, buffer_len(b));
		OPENSSL_cleanse(b->data, b->end);
		free(b->data);
	}
	b->end -= b->start;
	b->start = 0;
	b->data = data;
	b->capacity = capacity;
	return SP_OK;
}

enum sp_status
buffer_room(struct buffer *b, size_t n, uint8_t **room)
{
	size_t len = buffer_len(b);
	enum sp_status status;

	if (n > b->max || len > b->max - n)
		return SP_ERR_LIMIT;
	if (b->capacity - b->end < n || b->data == NULL) {
		/* Moving less than was given away keeps appending cheap. */
		if (b->data != NULL && b->start >= len &&
		    b->capacity - len >= n) {
			memmove(b->data, b->data + b->start, len);
			b->start = 0;
			b->end = len;
		} else if ((status = grow(b, len + n)) != SP_OK) {
			return status;
		}
	}
	*room = b->data + b->end;
	return SP_OK;
}

void
buffer_grew(struct buffer *b, size_t n)
{
	assert(n <= b->capacity - b->end);
	b->end += n;
}

enum sp_status
buffer_append(struct buffer *b, struct sp_view v)
{
	enum sp_status status;
	uint8_t *room;

	if (v.len == 0)
		return SP_OK;
	status = buffer_room(b, v.len, &room);
	if (status != SP_OK)
		return status;
	memcpy(room, v.data, v.len);
	buffer_grew(b, v.len);
	return SP_OK;
}

void
buffer_consume(struct buffer *b, size_t n)
{
	assert(n <= buffer_len(b));
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}

void
buffer_truncate(struct buffer *b, size_t len)
{
	assert(len <= buffer_len(b));
	b->end = b->start + len;
}

void
buffer_relax(struct buffer *b)
{
	if (b->start == b->end)
		buffer_clear(b);
}
