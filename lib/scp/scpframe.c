/* Lines in place where they are whole, else gathered. */
#include "lib/scp/scpframe.h"

void
scpframe_init(struct scpframe *f)
{
	*f = (struct scpframe){ .left = 0 };
	buffer_init(&f->held, SCPFRAME_LINE_MAX);
}

void
scpframe_clear(struct scpframe *f)
{
	buffer_clear(&f->held);
}

bool
scpframe_is_inside(const struct scpframe *f)
{
	return f->left > 0 || f->awaits_answer ||
	    (!f->is_used && buffer_len(&f->held) > 0);
}

static struct sp_view
take(struct sp_view *input, size_t len)
{
	struct sp_view taken = view_of(input->data, len);

	input->data += len;
	input->len -= len;
	return taken;
}

/* Up to its end, which is taken and not given out. */
static enum scpframe_event
next_line(struct scpframe *f, struct sp_view *input, struct sp_view *line)
{
	const uint8_t *end = memchr(input->data, '\n', input->len);
	size_t len = end == NULL ? input->len : (size_t)(end - input->data);
	struct sp_view part;

	if (len > SCPFRAME_LINE_MAX - buffer_len(&f->held))
		return SCPFRAME_BROKEN;
	part = take(input, len);
	if (end != NULL)
		take(input, 1);
	if (end != NULL && buffer_len(&f->held) == 0) {
		*line = part;
		return SCPFRAME_LINE;
	}
	if (len > 0 && buffer_append(&f->held, part) != SP_OK)
		return SCPFRAME_BROKEN;
	if (end == NULL)
		return SCPFRAME_NOTHING;
	*line = buffer_view(&f->held);
	f->is_used = true;
	return SCPFRAME_LINE;
}

enum scpframe_event
scpframe_next(struct scpframe *f, struct sp_view *input, struct sp_view *data)
{
	enum scpframe_event event;

	if (f->is_used) {
		buffer_consume(&f->held, buffer_len(&f->held));
		f->is_used = false;
	}
	if (input->len == 0)
		return SCPFRAME_NOTHING;
	if (f->left > 0) {
		*data = take(
		    input, f->left < input->len ? (size_t)f->left : input->len);
		f->left -= data->len;
		return SCPFRAME_DATA;
	}
	if (f->awaits_answer && buffer_len(&f->held) == 0 &&
	    *input->data == '\0') {
		take(input, 1);
		f->awaits_answer = false;
		return SCPFRAME_ANSWER;
	}
	event = next_line(f, input, data);
	if (event == SCPFRAME_LINE)
		f->awaits_answer = false;
	return event;
}
