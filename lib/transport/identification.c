/* "SSH-2.0-software comments" sent, found and taken apart. */
#include "lib/transport/identification.h"

#include <stdio.h>

static const char prefix[] = "SSH-2.0-";

enum sp_status
identification_set(struct transport *t, const char *software)
{
	const char *s = software == NULL ? "Sallyport_0.1" : software;
	int len;

	for (const char *c = s; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e || (c == s && *c == ' '))
			return SP_ERR_ARGUMENT;
	len = snprintf(t->our_identification, sizeof t->our_identification,
	    "%s%s", prefix, s);
	if (s[0] == '\0' || len < 0 || len > LIMIT_IDENTIFICATION - 2)
		return SP_ERR_ARGUMENT;
	return SP_OK;
}

enum sp_status
identification_send(struct transport *t)
{
	struct writer w;

	writer_init(&w, &t->out);
	writer_bytes(&w, view_of_string(t->our_identification));
	writer_bytes(&w, view_of("\r\n", 2));
	return writer_finish(&w);
}

static bool
starts_with(struct sp_view v, const char *start)
{
	size_t len = strlen(start);

	return v.len >= len && memcmp(v.data, start, len) == 0;
}

/* Takes the first n bytes off the front. */
static struct sp_view
cut(struct sp_view *v, size_t n)
{
	struct sp_view front = view_of(v->data, n);

	v->data += n;
	v->len -= n;
	return front;
}

static bool
is_greeting(struct sp_view line)
{
	return line.len <= LIMIT_BANNER_LINE - 2 &&
	    !starts_with(line, "SSH-") && !view_has_control(line);
}

enum sp_status
identification_greet(struct transport *t, const char *greeting)
{
	struct sp_view rest = sp_text(greeting);
	unsigned count = 0;
	struct writer w;

	if (t->role == SP_CLIENT)
		return SP_ERR_ARGUMENT;
	writer_init(&w, &t->out);
	while (rest.len > 0) {
		struct sp_view line =
		    cut(&rest, strcspn((const char *)rest.data, "\n"));

		if (!is_greeting(line) || ++count > LIMIT_BANNER_LINES)
			return SP_ERR_ARGUMENT;
		writer_bytes(&w, line);
		writer_bytes(&w, view_of("\r\n", 2));
		if (rest.len > 0)
			cut(&rest, 1);
	}
	return writer_finish(&w);
}

bool
identification_split(struct sp_view line, struct identification *parts)
{
	struct sp_view rest = line;
	const uint8_t *space;

	if (starts_with(line, "SSH-2.0-"))
		parts->protocol = view_of(line.data + 4, strlen("2.0"));
	else if (starts_with(line, "SSH-1.99-"))
		parts->protocol = view_of(line.data + 4, strlen("1.99"));
	else
		return false;
	cut(&rest, strlen("SSH-") + parts->protocol.len + 1);
	space = rest.len == 0 ? NULL : memchr(rest.data, ' ', rest.len);
	parts->comments = view_of(NULL, 0);
	parts->software = rest;
	if (space != NULL) {
		parts->software = cut(&rest, (size_t)(space - rest.data));
		cut(&rest, 1);
		parts->comments = rest;
	}
	return parts->software.len > 0;
}

/* The next line without its end; SP_ERR_AGAIN, or too long for any use. */
static enum sp_status
take_line(struct transport *t, size_t max, struct sp_view *line)
{
	struct sp_view in;
	const uint8_t *end;

	buffer_consume(&t->in, t->opened);
	t->opened = 0;
	in = buffer_view(&t->in);
	end = in.len == 0 ? NULL
			  : memchr(in.data, '\n', in.len < max ? in.len : max);
	if (end == NULL)
		return in.len >= max ? SP_ERR_IDENTIFICATION : SP_ERR_AGAIN;
	*line = view_of(in.data, (size_t)(end - in.data));
	t->opened = line->len + 1;
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->len--;
	return SP_OK;
}

/*
 * A stranger whose first bytes cannot begin an identification is told so
 * at once, not after a full line that may never come.
 */
static bool
is_hopeless(const struct transport *t)
{
	struct sp_view in = view_of(t->in.data + t->in.start + t->opened,
	    buffer_len(&t->in) - t->opened);
	size_t len = in.len < 4 ? in.len : 4;

	return t->role == SP_SERVER && memcmp(in.data, "SSH-", len) != 0;
}

static enum sp_status
accept_line(struct transport *t, struct sp_view line)
{
	struct identification parts;
	struct sp_event *event;

	if (!identification_split(line, &parts))
		return SP_ERR_VERSION;
	/* As many as there is room for with CR LF, which it may leave out. */
	if (line.len > LIMIT_IDENTIFICATION - 2 || view_has_control(line) ||
	    !view_to_string(
		line, t->peer_identification, sizeof t->peer_identification))
		return SP_ERR_IDENTIFICATION;
	event = event_push(&t->events, SP_EVENT_IDENTIFIED);
	event->u.identified.line = line;
	event->u.identified.protocol = parts.protocol;
	event->u.identified.software = parts.software;
	event->u.identified.comments = parts.comments;
	return SP_OK;
}

enum sp_status
identification_receive(struct transport *t)
{
	size_t max =
	    t->role == SP_SERVER ? LIMIT_IDENTIFICATION : LIMIT_BANNER_LINE;
	enum sp_status status;
	struct sp_view line;

	if (buffer_len(&t->in) > t->opened && is_hopeless(t))
		return SP_ERR_IDENTIFICATION;
	for (;;) {
		status = take_line(t, max, &line);
		if (status != SP_OK)
			return status;
		if (starts_with(line, "SSH-"))
			return accept_line(t, line);
		if (t->role == SP_SERVER ||
		    ++t->banner_lines > LIMIT_BANNER_LINES)
			return SP_ERR_IDENTIFICATION;
	}
}
