/* What every decoder must do: read it all, refuse a part and a byte more. */
#ifndef SP_TEST_BODY_H
#define SP_TEST_BODY_H

#include "lib/wire/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef enum sp_status body_decoder(struct sp_view);

/* Each part is decoded from memory of just its size, for the sanitizers. */
static inline enum sp_status
body_decode_copy(body_decoder *decode, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	enum sp_status status;

	assert_non_null(copy);
	memcpy(copy, data, len);
	status = decode(view_of(copy, len));
	free(copy);
	return status;
}

/* Takes (clears) the encoded body. */
static inline void
body_check(struct buffer *encoded, body_decoder *decode)
{
	struct sp_view all = buffer_view(encoded);

	for (size_t len = 0; len < all.len; len++)
		assert_int_equal(
		    body_decode_copy(decode, all.data, len), SP_ERR_FORMAT);
	assert_int_equal(body_decode_copy(decode, all.data, all.len), SP_OK);
	assert_int_equal(buffer_append(encoded, view_of("\0", 1)), SP_OK);
	all = buffer_view(encoded);
	assert_int_equal(
	    body_decode_copy(decode, all.data, all.len), SP_ERR_TRAILING);
	buffer_clear(encoded);
}

#endif
