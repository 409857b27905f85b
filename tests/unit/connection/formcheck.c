/* One form with its values and its bytes, whole and cut. */
#include "tests/unit/connection/formcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum sp_status
formcheck_try(const struct formcheck *c, struct sp_view bytes)
{
	void *got = calloc(1, c->size);
	enum sp_status status;

	assert_non_null(got);
	status = c->read(sp_text(c->form->name), bytes, got);
	free(got);
	return status;
}

static void
check_written(const struct formcheck *c, const void *values)
{
	struct buffer out;
	struct writer w;

	buffer_init(&out, c->bytes.len);
	writer_init(&w, &out);
	form_write(c->form, values, &w);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_true(view_equal(buffer_view(&out), c->bytes));
	buffer_clear(&out);
	if (c->bytes.len == 0)
		return;
	buffer_init(&out, c->bytes.len - 1);
	writer_init(&w, &out);
	form_write(c->form, values, &w);
	assert_int_equal(writer_finish(&w), SP_ERR_LIMIT);
	buffer_clear(&out);
}

/* What is read is what was written, and nothing is when it is cut. */
static void
check_read(const struct formcheck *c)
{
	uint8_t *got = calloc(1, c->size);
	struct buffer more;

	assert_non_null(got);
	for (size_t len = 0; len < c->bytes.len; len++)
		assert_int_equal(c->read(sp_text(c->form->name),
				     view_of(c->bytes.data, len), got),
		    SP_ERR_FORMAT);
	buffer_init(&more, c->bytes.len + 1);
	assert_int_equal(buffer_append(&more, c->bytes), SP_OK);
	assert_int_equal(buffer_append(&more, view_of("", 1)), SP_OK);
	assert_int_equal(
	    c->read(sp_text(c->form->name), buffer_view(&more), got),
	    SP_ERR_TRAILING);
	buffer_clear(&more);
	for (size_t i = 0; i < c->size; i++)
		assert_int_equal(got[i], 0);
	assert_int_equal(c->read(sp_text(c->form->name), c->bytes, got), SP_OK);
	check_written(c, got);
	free(got);
}

void
formcheck_run(const struct formcheck *c)
{
	assert_non_null(c->form);
	check_written(c, c->values);
	check_read(c);
}
