/* Rows of fields, read and written. */
#include "lib/connection/form.h"

#include <string.h>

size_t
form_find(const struct form *forms, size_t count, struct sp_view name)
{
	for (size_t i = 1; i < count; i++) {
		if (view_equal_string(name, forms[i].name))
			return i;
	}
	return 0;
}

static void
read_number(const struct form_field *field, struct reader *r, void *value)
{
	uint32_t number = reader_u32(r);

	if (number < field->least || number > field->most)
		reader_fail(r);
	memcpy(value, &number, sizeof number);
}

static void
read_field(const struct form_field *field, struct reader *r, void *value)
{
	struct sp_view view;
	bool flag;

	switch (field->type) {
	case FORM_STRING:
		view = reader_string(r);
		memcpy(value, &view, sizeof view);
		break;
	case FORM_NUMBER:
		read_number(field, r, value);
		break;
	case FORM_BOOL:
		flag = reader_bool(r);
		memcpy(value, &flag, sizeof flag);
		break;
	case FORM_REST:
		view = reader_rest(r);
		memcpy(value, &view, sizeof view);
		break;
	case FORM_RESERVED_STRING:
		reader_string(r);
		break;
	case FORM_RESERVED_NUMBER:
		reader_u32(r);
		break;
	case FORM_END:
		break;
	}
}

enum sp_status
form_read(const struct form *form, struct sp_view data, void *values)
{
	const struct form_field *field = form->fields;
	struct reader r;

	if (form->name == NULL)
		return SP_OK;
	reader_init(&r, data);
	for (; field->type != FORM_END; field++)
		read_field(field, &r, (uint8_t *)values + field->place);
	return reader_finish(&r);
}

static void
write_number(
    const struct form_field *field, const void *value, struct writer *w)
{
	uint32_t number;

	memcpy(&number, value, sizeof number);
	if ((number < field->least || number > field->most) &&
	    w->status == SP_OK)
		w->status = SP_ERR_ARGUMENT;
	writer_u32(w, number);
}

static void
write_field(const struct form_field *field, const void *value, struct writer *w)
{
	struct sp_view view;
	bool flag;

	switch (field->type) {
	case FORM_STRING:
		memcpy(&view, value, sizeof view);
		writer_string(w, view);
		break;
	case FORM_NUMBER:
		write_number(field, value, w);
		break;
	case FORM_BOOL:
		memcpy(&flag, value, sizeof flag);
		writer_bool(w, flag);
		break;
	case FORM_REST:
		memcpy(&view, value, sizeof view);
		writer_bytes(w, view);
		break;
	case FORM_RESERVED_STRING:
		writer_cstring(w, "");
		break;
	case FORM_RESERVED_NUMBER:
		writer_u32(w, 0);
		break;
	case FORM_END:
		break;
	}
}

void
form_write(const struct form *form, const void *values, struct writer *w)
{
	const struct form_field *field = form->fields;

	for (; field->type != FORM_END; field++)
		write_field(field, (const uint8_t *)values + field->place, w);
}

struct form
form_of_bytes(const char *name)
{
	return (
	    struct form){ .name = name, .fields = { { .type = FORM_REST } } };
}
