/* What every decoder must bear, for the tests of this folder. */
#ifndef SP_TESTS_USERAUTH_FIELDS_H
#define SP_TESTS_USERAUTH_FIELDS_H

#include "lib/userauth/userauth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef enum sp_status fields_decode(struct sp_view);

/* Whole it is good; cut anywhere or with a byte more it is not. */
static inline void
fields_check(struct buffer *body, fields_decode *decode)
{
	struct writer w;

	assert_int_equal(decode(buffer_view(body)), SP_OK);
	for (size_t len = 0; len < buffer_len(body); len++) {
		/* At an address of its own, for who looks beyond its end. */
		uint8_t *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy, body->data + body->start, len);
		assert_int_equal(decode(view_of(copy, len)), SP_ERR_FORMAT);
		free(copy);
	}
	writer_init(&w, body);
	writer_u8(&w, 0);
	assert_int_equal(decode(buffer_view(body)), SP_ERR_TRAILING);
}

/* A string of n bytes. */
static inline void
fields_string(struct writer *w, size_t n)
{
	size_t mark = writer_begin_string(w);

	while (n-- > 0)
		writer_u8(w, 'x');
	writer_end_string(w, mark);
}

#endif
