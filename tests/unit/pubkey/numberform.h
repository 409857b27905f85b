/*
 * A good ECDSA signature's two numbers written as they must not be: RFC 4251
 * 5 knows one form of each, and RFC 5656 3.1.2 nothing behind them.
 */
#ifndef SP_TESTS_NUMBERFORM_H
#define SP_TESTS_NUMBERFORM_H

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum numberform {
	NUMBERFORM_PADDED, /* a zero too many in front */
	NUMBERFORM_NEGATIVE, /* the bytes that, signed, are less than zero */
	NUMBERFORM_LONG, /* a byte more than the field has */
	NUMBERFORM_ZERO, /* as a byte */
	NUMBERFORM_NOTHING, /* zero in its one form */
	NUMBERFORM_MISSING, /* not there at all */
	NUMBERFORM_FOLLOWED, /* by a byte of nobody's */
	NUMBERFORMS
};

/* number is without its sign byte. */
static inline void
numberform_write(struct writer *w, enum numberform form, struct sp_view number,
    size_t field_len)
{
	bool is_high = (number.data[0] & 0x80) != 0;
	size_t mark;

	if (form == NUMBERFORM_MISSING)
		return;
	mark = writer_begin_string(w);
	if (form == NUMBERFORM_PADDED || form == NUMBERFORM_FOLLOWED) {
		if (is_high)
			writer_u8(w, 0);
		if (form == NUMBERFORM_PADDED)
			writer_u8(w, 0);
	} else if (form == NUMBERFORM_NEGATIVE && !is_high) {
		writer_u8(w, 0xff);
	} else if (form == NUMBERFORM_LONG) {
		writer_u8(w, 1);
		for (size_t i = number.len; i < field_len; i++)
			writer_u8(w, 0);
	} else if (form == NUMBERFORM_ZERO) {
		writer_u8(w, 0);
	}
	if (form != NUMBERFORM_ZERO && form != NUMBERFORM_NOTHING)
		writer_bytes(w, number);
	writer_end_string(w, mark);
	if (form == NUMBERFORM_FOLLOWED)
		writer_u8(w, 0);
}

/*
 * The i-th wrong way to write what good holds, in place of what the buffer
 * had; false when there are no more.
 */
static inline bool
numberform_at(
    size_t i, struct sp_view good, size_t field_len, struct buffer *wrong)
{
	enum numberform form = (enum numberform)(i / 2);
	struct sp_view r, s;
	struct reader in;
	struct writer w;

	if (i >= 2 * (size_t)NUMBERFORMS)
		return false;
	reader_init(&in, good);
	r = reader_mpint(&in);
	s = reader_mpint(&in);
	assert_int_equal(reader_finish(&in), SP_OK);
	buffer_clear(wrong);
	buffer_init(wrong, 1024);
	writer_init(&w, wrong);
	if (i % 2 == 0) {
		numberform_write(&w, form, r, field_len);
		writer_mpint(&w, s);
	} else {
		writer_mpint(&w, r);
		numberform_write(&w, form, s, field_len);
	}
	assert_int_equal(writer_finish(&w), SP_OK);
	return true;
}

#endif
