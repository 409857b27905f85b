/*
 * Every field of every message, from either role: cut short, too long,
 * with a length that is a lie, empty, at its bound and past it. The
 * messages come from message.def, their fields from shape.c.
 */
#include "tests/pair/shape.h"

#include "lib/limits.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"
#include "tests/pair/scene.h"
#include "tests/unit/alloc_meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	OTHER_LEN = 1000, /* of a text that may have any length */
	/* What one message may make an engine allocate, and its answer. */
	COST_MOST = 256 * 1024,
};

/* A field of a message on its way to a victim. */
struct attack {
	struct scene scene;
	const struct shape *shape;
	const struct shape_field *field;
	const char *what; /* is done */
	size_t stride; /* from one length to the next, where there are many */
};

static enum sp_status
send(const struct attack *a, struct sp_view payload)
{
	enum sp_status status;
	struct pair p;
	size_t before;

	scene_set(&p, &a->scene);
	before = alloc_meter_now();
	alloc_meter_forget_peak();
	scene_play(&p, &a->scene, payload);
	status = scene_end(&p, &a->scene);
	assert_true(alloc_meter_peak() - before <= COST_MOST);
	pair_clear(&p);
	return status;
}

static void
expect(const struct attack *a, enum sp_status expected, enum sp_status status)
{
	size_t field =
	    a->field == NULL ? 0 : (size_t)(a->field - a->shape->fields);

	if (status != expected)
		fail_msg("%s, field %zu %s: %s, not %s", scene_name(&a->scene),
		    field, a->what, sp_status_name(status),
		    sp_status_name(expected));
}

/* What stands in the shape must not be mistaken for something worse. */
static void
expect_as_read(const struct attack *a, struct sp_view payload)
{
	enum sp_status expected = shape_check(a->shape, payload);
	enum sp_status status = send(a, payload);

	if (expected != SP_OK)
		expect(a, expected, status);
	else if (!shape_may_end(a->shape, status))
		fail_msg("%s, %s: %s", scene_name(&a->scene), a->what,
		    sp_status_name(status));
}

/* ---- the whole ---- */

static void
cut_and_lengthen(struct attack *a)
{
	struct buffer payload = { .data = NULL };
	struct writer w;

	shape_write(a->shape, &payload, NULL);
	a->what = "as it should be";
	expect(a, shape_end(a->shape), send(a, buffer_view(&payload)));
	a->what = "cut short";
	for (size_t len = 1; len < buffer_len(&payload); len += a->stride)
		expect_as_read(a, view_of(payload.data, len));
	a->what = "with a byte too many";
	writer_init(&w, &payload);
	writer_u8(&w, 0);
	assert_int_equal(w.status, SP_OK);
	expect_as_read(a, buffer_view(&payload));
	buffer_clear(&payload);
}

/* ---- lengths ---- */

static bool
has_length(const struct shape_field *field)
{
	return field->kind == SHAPE_STRING || field->kind == SHAPE_NAMES ||
	    field->kind == SHAPE_MPINT;
}

static uint32_t
length_at(struct sp_view payload, size_t place)
{
	struct reader r;

	reader_init(&r, view_of(payload.data + place, 4));
	return reader_u32(&r);
}

static void
lie_about_length(struct attack *a)
{
	struct buffer payload = { .data = NULL };
	size_t places[SHAPE_FIELDS], place;
	uint32_t len;

	if (!has_length(a->field))
		return;
	shape_write(a->shape, &payload, places);
	place = places[a->field - a->shape->fields];
	len = length_at(buffer_view(&payload), place);
	const uint32_t lies[] = { 0, len - 1, len + 1,
		(uint32_t)(buffer_len(&payload) - place - 4 + 1), 0x7fffffff,
		0x80000000, 0xfffffffb, UINT32_MAX };

	a->what = "with a length that is a lie";
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		writer_put_u32(payload.data + place, lies[i]);
		expect_as_read(a, buffer_view(&payload));
	}
	buffer_clear(&payload);
}

/* ---- values ---- */

/* The shape with another field in the place of one of its own. */
static enum sp_status
send_with(const struct attack *a, struct shape_field field)
{
	struct buffer payload = { .data = NULL };
	struct shape_field fields[SHAPE_FIELDS];
	struct shape changed = *a->shape;
	enum sp_status status;
	size_t count = 0;

	do {
		assert_true(count < SHAPE_FIELDS);
		fields[count] = a->shape->fields[count];
	} while (fields[count++].kind != SHAPE_END);
	fields[a->field - a->shape->fields] = field;
	changed.fields = fields;
	shape_write(&changed, &payload, NULL);
	status = send(a, buffer_view(&payload));
	buffer_clear(&payload);
	return status;
}

static enum sp_status
send_text(const struct attack *a, size_t len)
{
	struct shape_field field = *a->field;
	static uint8_t text[LIMIT_PACKET_TRUSTED];

	memset(text, 'x', sizeof text);
	field.found = NULL;
	field.text = view_of(text, len);
	return send_with(a, field);
}

static enum sp_status
send_number(const struct attack *a, uint32_t number)
{
	struct shape_field field = *a->field;

	field.number = number;
	return send_with(a, field);
}

static enum sp_status
end_if(const struct attack *a, enum sp_status status)
{
	return status == SP_OK ? shape_end(a->shape) : status;
}

static void
try_texts(struct attack *a)
{
	const struct shape_field *field = a->field;
	size_t len = field->max == 0 ? OTHER_LEN : field->max;

	a->what = "empty";
	expect(a, end_if(a, field->if_empty), send_text(a, 0));
	a->what = "of another text";
	expect(a, end_if(a, field->if_other), send_text(a, len));
	if (field->max == 0)
		return;
	a->what = "past its bound";
	expect(a, field->if_longer == SP_OK ? SP_ERR_FORMAT : field->if_longer,
	    send_text(a, len + 1));
}

/* RFC 4251 5: any value but 0 is true. */
static void
try_booleans(struct attack *a)
{
	enum sp_status truth = send_number(a, 1);

	a->what = "true in another way";
	expect(a, truth, send_number(a, 2));
	expect(a, truth, send_number(a, 255));
}

static void
try_numbers(struct attack *a)
{
	a->what = "zero";
	expect(a, end_if(a, a->field->if_empty), send_number(a, 0));
	a->what = "the largest there is";
	expect(a, end_if(a, a->field->if_other), send_number(a, UINT32_MAX));
}

static void
try_values(struct attack *a)
{
	if (has_length(a->field) && !a->field->decides)
		try_texts(a);
	else if (a->field->kind == SHAPE_BOOLEAN)
		try_booleans(a);
	else if (a->field->kind == SHAPE_NUMBER)
		try_numbers(a);
}

/* ---- each of them ---- */

static void
each_field(struct attack *a, void try(struct attack *))
{
	for (a->field = a->shape->fields; a->field->kind != SHAPE_END;
	     a->field++)
		try(a);
}

/* Requests after SUCCESS are passed over, whatever is in them. */
static bool
is_read_there(const struct scene *s)
{
	return scene_is_allowed(s) &&
	    (s->row->number != SSH_MSG_USERAUTH_REQUEST ||
		s->phase == PHASE_USERAUTH);
}

static void
in_each_phase(
    struct attack a, void try(struct attack *), bool by_field, bool is_strict)
{
	a.scene.is_strict = is_strict;
	a.stride = is_strict ? 1 : 7;
	for (size_t i = 0; i < SCENE_PHASES; i++) {
		a.scene.phase = scene_phases[i];
		/* Without strict key exchange only the first differs. */
		if (!is_read_there(&a.scene) ||
		    (!is_strict && a.scene.phase > PHASE_FIRST_NEWKEYS))
			continue;
		if (by_field)
			each_field(&a, try);
		else
			try(&a);
		/* All lengths in one phase, and some of them in others. */
		a.stride = 7;
	}
}

/* Shapes by those who may get them, wherever they do. */
static void
each_shape(void try(struct attack *), bool by_field)
{
	struct pair p;

	pair_init(&p);
	shape_prepare(&p, true);
	for (size_t i = 0; shape_row(i) != NULL; i++) {
		const struct message *row = message_row(shape_row(i)->row);

		for (size_t k = 0; k < 4; k++) {
			struct attack a = { .shape = shape_row(i) };

			/* Of two rows of a number it has to be the victim's. */
			if (scene_find(&a.scene, row,
				k % 2 == 0 ? SP_CLIENT : SP_SERVER))
				in_each_phase(a, try, by_field, k / 2 == 0);
		}
	}
}

static void
a_body_cut_short_or_too_long_ends_the_connection(void **state)
{
	(void)state;
	each_shape(cut_and_lengthen, false);
}

static void
a_length_that_is_a_lie_ends_the_connection(void **state)
{
	(void)state;
	each_shape(lie_about_length, true);
}

static void
each_field_has_the_values_and_bounds_of_its_shape(void **state)
{
	(void)state;
	each_shape(try_values, true);
}

/* So that one added is not passed over by all of the above. */
static void
every_message_has_a_victim(void **state)
{
	(void)state;
	for (size_t i = 0; message_row(i) != NULL; i++) {
		struct scene s;

		assert_true(scene_find(&s, message_row(i), SP_CLIENT) ||
		    scene_find(&s, message_row(i), SP_SERVER));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_has_a_victim),
		cmocka_unit_test(
		    a_body_cut_short_or_too_long_ends_the_connection),
		cmocka_unit_test(a_length_that_is_a_lie_ends_the_connection),
		cmocka_unit_test(
		    each_field_has_the_values_and_bounds_of_its_shape),
	};

	alloc_meter_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
