/* Reading and writing lines. */
#include "lib/scp/scprecord.h"

#include <inttypes.h>
#include <stdio.h>

enum { MODE_DIGITS = 4, NUMBERS = 64 };

/* ---- reading ---- */

/* What is left of a line. */
struct cursor {
	struct sp_view left;
	const char *problem; /* the first */
};

static void
fail(struct cursor *c, const char *problem)
{
	if (c->problem == NULL)
		c->problem = problem;
	c->left.len = 0;
}

static char
take(struct cursor *c)
{
	char first;

	if (c->left.len == 0)
		return '\0';
	first = (char)*c->left.data;
	c->left.data++;
	c->left.len--;
	return first;
}

static bool
is_digit(const struct cursor *c, char last)
{
	return c->left.len > 0 && *c->left.data >= '0' &&
	    *c->left.data <= (uint8_t)last;
}

static uint64_t
take_number(struct cursor *c, uint64_t max, const char *problem)
{
	uint64_t number = 0;

	if (!is_digit(c, '9'))
		fail(c, problem);
	while (is_digit(c, '9')) {
		uint64_t digit = (uint64_t)(take(c) - '0');

		if (number > (max - digit) / 10) {
			fail(c, problem);
			return 0;
		}
		number = number * 10 + digit;
	}
	return number;
}

static void
take_sign(struct cursor *c, char sign, const char *problem)
{
	if (take(c) != sign)
		fail(c, problem);
}

static uint32_t
take_mode(struct cursor *c)
{
	uint32_t mode = 0;

	for (int i = 0; i < MODE_DIGITS; i++) {
		if (!is_digit(c, '7')) {
			fail(c, "bad mode");
			return 0;
		}
		mode = mode * 8 + (uint32_t)(take(c) - '0');
	}
	return mode;
}

bool
scprecord_is_name(struct sp_view name)
{
	return name.len > 0 && name.len <= SCPRECORD_NAME_MAX &&
	    !view_equal_string(name, ".") && !view_equal_string(name, "..") &&
	    memchr(name.data, '/', name.len) == NULL && !view_has_control(name);
}

static void
take_name(struct cursor *c, struct scprecord *r)
{
	r->mode = take_mode(c);
	take_sign(c, ' ', "mode not delimited");
	r->size = take_number(c, INT64_MAX, "size out of range");
	take_sign(c, ' ', "size not delimited");
	if (c->problem == NULL && !scprecord_is_name(c->left))
		fail(c, "unexpected filename");
	r->text = c->left;
}

/* Microseconds are read past: no storage here has them. */
static uint32_t
take_time(struct cursor *c)
{
	uint32_t seconds =
	    (uint32_t)take_number(c, UINT32_MAX, "time out of range");

	take_sign(c, ' ', "time not delimited");
	take_number(c, 999999, "microseconds out of range");
	return seconds;
}

static void
take_times(struct cursor *c, struct scprecord *r)
{
	r->mtime = take_time(c);
	take_sign(c, ' ', "time not delimited");
	r->atime = take_time(c);
	if (c->left.len > 0)
		fail(c, "time not delimited");
}

const char *
scprecord_decode(struct scprecord *record, struct sp_view line)
{
	struct cursor c = { .left = line };
	struct scprecord r = { .text = { .len = 0 } };

	r.kind = (enum scprecord_kind)take(&c);
	switch (r.kind) {
	case SCPRECORD_FILE:
	case SCPRECORD_FOLDER:
		take_name(&c, &r);
		break;
	case SCPRECORD_TIMES:
		take_times(&c, &r);
		break;
	case SCPRECORD_END:
		if (c.left.len > 0)
			fail(&c, "unexpected text behind E");
		break;
	case SCPRECORD_WARNING:
	case SCPRECORD_ERROR:
		r.text = c.left;
		break;
	default:
		fail(&c, "expected control record");
	}
	if (c.problem == NULL)
		*record = r;
	return c.problem;
}

/* ---- writing ---- */

static int
write_head(const struct scprecord *r, char room[NUMBERS])
{
	switch (r->kind) {
	case SCPRECORD_FILE:
	case SCPRECORD_FOLDER:
		return snprintf(room, NUMBERS, "%c%04" PRIo32 " %" PRIu64 " ",
		    (int)r->kind, r->mode & 07777, r->size);
	case SCPRECORD_TIMES:
		return snprintf(room, NUMBERS, "T%" PRIu32 " 0 %" PRIu32 " 0",
		    r->mtime, r->atime);
	case SCPRECORD_END:
	case SCPRECORD_WARNING:
	case SCPRECORD_ERROR:
		break;
	}
	return snprintf(room, NUMBERS, "%c", (int)r->kind);
}

static void
write_text(struct sp_view text, char room[SCPRECORD_TEXT_MAX])
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		room[i] = c < ' ' || c == 0x7f ? '?' : (char)c;
	}
}

enum sp_status
scprecord_encode(struct buffer *out, const struct scprecord *r)
{
	char head[NUMBERS], text[SCPRECORD_TEXT_MAX];
	struct sp_view body = r->text;
	enum sp_status status;
	int len = write_head(r, head);

	if (len <= 0 || len >= NUMBERS)
		return SP_ERR_LIMIT;
	if (body.len > sizeof text)
		body.len = sizeof text;
	write_text(body, text);
	status = buffer_append(out, view_of(head, (size_t)len));
	if (status == SP_OK && body.len > 0)
		status = buffer_append(out, view_of(text, body.len));
	return status == SP_OK ? buffer_append(out, view_of("\n", 1)) : status;
}
