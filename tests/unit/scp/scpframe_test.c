/* A stream of scp, in pieces. */
#include "lib/scp/scpframe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a stream is taken apart to: "L<line>D<data>A". */
struct heard {
	struct scpframe frame;
	struct buffer text;
	bool was_data;
	uint64_t size; /* of the file behind each line that begins with C */
};

static void
add(struct heard *h, const char *sign, struct sp_view data)
{
	bool goes_on = *sign == 'D' && h->was_data;

	if (!goes_on)
		assert_int_equal(buffer_append(&h->text, sp_text(sign)), SP_OK);
	assert_int_equal(buffer_append(&h->text, data), SP_OK);
	h->was_data = *sign == 'D';
}

static void
hear(struct heard *h, struct sp_view input)
{
	struct sp_view data;

	for (;;) {
		switch (scpframe_next(&h->frame, &input, &data)) {
		case SCPFRAME_NOTHING:
			assert_int_equal(input.len, 0);
			return;
		case SCPFRAME_LINE:
			add(h, "L", data);
			if (data.len > 0 && data.data[0] == 'C') {
				h->frame.left = h->size;
				h->frame.awaits_answer = true;
			}
			break;
		case SCPFRAME_DATA:
			add(h, "D", data);
			break;
		case SCPFRAME_ANSWER:
			add(h, "A", view_of("", 0));
			break;
		case SCPFRAME_BROKEN:
			fail();
			return;
		}
	}
}

static void
begin(struct heard *h, uint64_t size)
{
	*h = (struct heard){ .size = size };
	scpframe_init(&h->frame);
	buffer_init(&h->text, 10000);
}

static void
end(struct heard *h, const char *text)
{
	assert_true(sp_view_is(buffer_view(&h->text), text));
	scpframe_clear(&h->frame);
	buffer_clear(&h->text);
}

static void
a_stream_may_be_cut_anywhere(void **state)
{
	static const char stream[] = "T1 2\nCx\nab\n\0E\nCy\n\0\0\0\1bad\n\n";
	static const char heard[] = "LT1 2LCxDab\nALELCyD\0\0\0L\1badL";
	const size_t len = sizeof stream - 1;
	struct heard h;

	(void)state;
	for (size_t a = 0; a <= len; a++) {
		for (size_t b = a; b <= len; b++) {
			begin(&h, 3);
			hear(&h, view_of(stream, a));
			hear(&h, view_of(stream + a, b - a));
			hear(&h, view_of(stream + b, len - b));
			assert_false(scpframe_is_inside(&h.frame));
			assert_true(view_equal(buffer_view(&h.text),
			    view_of(heard, sizeof heard - 1)));
			scpframe_clear(&h.frame);
			buffer_clear(&h.text);
		}
	}
	begin(&h, 0);
	hear(&h, sp_text("Cx\n"));
	assert_true(scpframe_is_inside(&h.frame));
	hear(&h, view_of("\0Cx\n\1no\nE\n", 10));
	assert_false(scpframe_is_inside(&h.frame));
	end(&h, "LCxALCxL\1noLE");
}

static void
a_line_is_kept_no_longer_than_it_may_be(void **state)
{
	static char line[SCPFRAME_LINE_MAX + 1];
	struct scpframe f;
	struct sp_view input, data;

	(void)state;
	memset(line, 'x', sizeof line);
	for (size_t cut = 0; cut < 2; cut++) {
		scpframe_init(&f);
		input = view_of(line, SCPFRAME_LINE_MAX);
		if (cut == 0) {
			assert_int_equal(
			    scpframe_next(&f, &input, &data), SCPFRAME_NOTHING);
			assert_true(scpframe_is_inside(&f));
			input = sp_text("\n");
			assert_int_equal(
			    scpframe_next(&f, &input, &data), SCPFRAME_LINE);
			assert_int_equal(data.len, SCPFRAME_LINE_MAX);
			assert_false(scpframe_is_inside(&f));
		}
		input = view_of(line, sizeof line);
		assert_int_equal(
		    scpframe_next(&f, &input, &data), SCPFRAME_BROKEN);
		scpframe_clear(&f);
	}
}

static void
a_great_file_is_never_kept(void **state)
{
	static const uint8_t zeros[65536];
	struct scpframe f;
	struct sp_view input, data;

	(void)state;
	scpframe_init(&f);
	f.left = (uint64_t)5 << 30;
	while (f.left > 0) {
		input = view_of(zeros, sizeof zeros);
		assert_int_equal(
		    scpframe_next(&f, &input, &data), SCPFRAME_DATA);
		assert_ptr_equal(data.data, zeros);
	}
	assert_int_equal(f.held.capacity, 0);
	scpframe_clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_may_be_cut_anywhere),
		cmocka_unit_test(a_line_is_kept_no_longer_than_it_may_be),
		cmocka_unit_test(a_great_file_is_never_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
