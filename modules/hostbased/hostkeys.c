/* Looking a host's key up. */
#include "modules/hostbased/hostkeys.h"

/* Up to its end, which is taken off too. */
static struct sp_view
take_line(struct sp_view *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	struct sp_view line = *text;

	if (end != NULL)
		line.len = (size_t)(end - text->data) + 1;
	text->data += line.len;
	text->len -= line.len;
	return line;
}

static bool
begins_with_marker(struct sp_view line)
{
	size_t i = 0;

	while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'))
		i++;
	return i < line.len && line.data[i] == '@';
}

static bool
is_revoked(
    const struct sp_known_host *line, const struct hostkeys_subject *subject)
{
	return sp_key_line_is(&line->key, subject->key) ||
	    sp_key_line_is(&line->key, subject->plain) ||
	    sp_key_line_is(&line->key, subject->authority);
}

static enum hostkeys_answer
ask_line(struct sp_view text, const struct hostkeys_subject *subject)
{
	bool is_certificate = subject->authority.len > 0;
	struct sp_known_host line;
	struct sp_view wanted =
	    is_certificate ? subject->authority : subject->plain;

	if (sp_known_host_parse(text, &line) != SP_OK)
		return begins_with_marker(text) ? HOSTKEYS_BROKEN
						: HOSTKEYS_NOTHING;
	if (line.kind == SP_KNOWN_HOST_NONE)
		return HOSTKEYS_NOTHING;
	if (line.kind == SP_KNOWN_HOST_REVOKED)
		return is_revoked(&line, subject) ? HOSTKEYS_REVOKED
						  : HOSTKEYS_NOTHING;
	/* Who signs certificates is no host, and the other way round. */
	if ((line.kind == SP_KNOWN_HOST_AUTHORITY) != is_certificate ||
	    !sp_key_line_is(&line.key, wanted))
		return HOSTKEYS_NOTHING;
	return sp_known_host_is_for(&line, subject->name) ? HOSTKEYS_YES
							  : HOSTKEYS_NOTHING;
}

enum hostkeys_answer
hostkeys_ask(
    struct sp_view text, const struct hostkeys_subject *subject, size_t *line)
{
	enum hostkeys_answer answer = HOSTKEYS_NOTHING;

	*line = 0;
	for (size_t number = 1; text.len > 0; number++) {
		enum hostkeys_answer each = ask_line(take_line(&text), subject);

		/* They stand in the order in which they count. */
		if (each <= answer)
			continue;
		answer = each;
		*line = number;
	}
	return answer;
}
