/* Payloads through zlib, in steps of a bounded size. */
#include "lib/transport/zlibstream.h"

#include "lib/limits.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	LEVEL = 6,
	STEP = 16384,
	/* A result that fills it is too long: there may be more. */
	RESULT_MAX = LIMIT_PACKET_TRUSTED,
};

struct zlibstream {
	z_stream z;
	bool deflates;
	bool is_ready; /* z has to be ended */
	struct buffer result;
};

/* In front of what zlib is given, so that it can be wiped in the end. */
union block {
	size_t size;
	max_align_t align;
};

static void *
allocate(void *context, unsigned count, unsigned size)
{
	size_t whole;
	union block *block;

	(void)context;
	if (size != 0 && count > (SIZE_MAX - sizeof *block) / size)
		return NULL;
	whole = sizeof *block + (size_t)count * size;
	block = calloc(1, whole);
	if (block == NULL)
		return NULL;
	block->size = whole;
	return block + 1;
}

static void
release(void *context, void *memory)
{
	union block *block = memory;

	(void)context;
	if (block == NULL)
		return;
	block--;
	OPENSSL_cleanse(block, block->size);
	free(block);
}

static enum sp_status
make(bool deflates, struct zlibstream **stream)
{
	struct zlibstream *s = calloc(1, sizeof *s);
	int result;

	if (s == NULL)
		return SP_ERR_MEMORY;
	s->deflates = deflates;
	s->z.zalloc = allocate;
	s->z.zfree = release;
	buffer_init(&s->result, RESULT_MAX);
	result = deflates ? deflateInit(&s->z, LEVEL) : inflateInit(&s->z);
	if (result != Z_OK) {
		zlibstream_free(s);
		return SP_ERR_MEMORY;
	}
	s->is_ready = true;
	*stream = s;
	return SP_OK;
}

enum sp_status
zlibstream_new_deflate(struct zlibstream **stream)
{
	return make(true, stream);
}

enum sp_status
zlibstream_new_inflate(struct zlibstream **stream)
{
	return make(false, stream);
}

void
zlibstream_free(struct zlibstream *s)
{
	if (s == NULL)
		return;
	if (s->is_ready && s->deflates)
		(void)deflateEnd(&s->z);
	if (s->is_ready && !s->deflates)
		(void)inflateEnd(&s->z);
	buffer_clear(&s->result);
	free(s);
}

/* One step; SP_ERR_AGAIN when there is more to come. */
static enum sp_status
step(struct zlibstream *s)
{
	size_t size = RESULT_MAX - buffer_len(&s->result);
	enum sp_status status;
	uint8_t *room;
	int result;

	if (size == 0)
		return SP_ERR_PACKET_LENGTH;
	if (size > STEP)
		size = STEP;
	status = buffer_room(&s->result, size, &room);
	if (status != SP_OK)
		return status;
	s->z.next_out = room;
	s->z.avail_out = (unsigned)size;
	result = s->deflates ? deflate(&s->z, Z_PARTIAL_FLUSH)
			     : inflate(&s->z, Z_SYNC_FLUSH);
	buffer_grew(&s->result, size - s->z.avail_out);
	if (result == Z_MEM_ERROR)
		return SP_ERR_MEMORY;
	/* BUF_ERROR: it could do nothing, for all was done before. */
	if (result != Z_OK && result != Z_BUF_ERROR)
		return SP_ERR_COMPRESSION;
	if (s->z.avail_out == 0)
		return SP_ERR_AGAIN;
	return s->z.avail_in == 0 ? SP_OK : SP_ERR_COMPRESSION;
}

enum sp_status
zlibstream_run(
    struct zlibstream *s, struct sp_view payload, struct sp_view *result)
{
	enum sp_status status;

	if (payload.len > RESULT_MAX)
		return SP_ERR_LIMIT;
	buffer_consume(&s->result, buffer_len(&s->result));
	/* zlib takes its input as it is, and does not write to it. */
	s->z.next_in = (uint8_t *)(uintptr_t)payload.data;
	s->z.avail_in = (unsigned)payload.len;
	do
		status = step(s);
	while (status == SP_ERR_AGAIN);
	if (status == SP_OK)
		*result = buffer_view(&s->result);
	return status;
}

size_t
zlibstream_bound(size_t payload_len)
{
	return payload_len + payload_len / 1024 + 64;
}

void
zlibstream_relax(struct zlibstream *s)
{
	buffer_consume(&s->result, buffer_len(&s->result));
	buffer_relax(&s->result);
}
