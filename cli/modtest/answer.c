/* Putting answers together, showing and comparing them. */
#include "cli/modtest/answer.h"

#include "daemon/config/pattern.h"

#include <inttypes.h>
#include <stdarg.h>

enum { LINE_SIZE = 1024 };

void
answer_init(struct answer *answer)
{
	*answer = (struct answer){ .is_failure = false };
	buffer_init(&answer->text, ANSWER_MAX);
}

void
answer_clear(struct answer *answer)
{
	buffer_clear(&answer->text);
}

/* What does not fit is not shown. */
static void
append(struct answer *answer, const void *bytes, size_t len)
{
	if (buffer_append(&answer->text, view_of(bytes, len)) != SP_OK)
		return;
}

void
answer_add(struct answer *answer, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof line - 1, format, args);
	va_end(args);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof line - 1)
		len = sizeof line - 2;
	line[len] = '\n';
	append(answer, line, (size_t)len + 1);
}

void
answer_add_all(struct answer *answer, const struct answer *more)
{
	struct sp_view text = buffer_view(&more->text);

	append(answer, text.data, text.len);
}

void
answer_add_output(struct answer *answer, char mark, struct sp_view bytes)
{
	const char head[] = { mark, ' ' };

	while (bytes.len > 0) {
		const uint8_t *end = memchr(bytes.data, '\n', bytes.len);
		size_t len =
		    end == NULL ? bytes.len : (size_t)(end - bytes.data);

		append(answer, head, sizeof head);
		append(answer, bytes.data, len);
		append(answer, "\n", 1);
		len += end == NULL ? 0 : 1;
		bytes = view_of(bytes.data + len, bytes.len - len);
	}
}

/* The next line without its newline; false when there is none. */
static bool
next_line(struct sp_view *text, struct sp_view *line)
{
	const uint8_t *end;

	if (text->len == 0)
		return false;
	end = memchr(text->data, '\n', text->len);
	*line = view_of(
	    text->data, end == NULL ? text->len : (size_t)(end - text->data));
	*text = end == NULL ? view_of(NULL, 0)
			    : view_of(end + 1, text->len - line->len - 1);
	return true;
}

void
answer_print(const struct answer *answer, FILE *out)
{
	struct sp_view text = buffer_view(&answer->text), line;
	bool is_first = true;

	while (next_line(&text, &line)) {
		fwrite(line.data, 1, line.len, out);
		if (is_first && answer->time_us > 0)
			fprintf(out, " %" PRIu64 ".%" PRIu64 " ms",
			    answer->time_us / 1000,
			    answer->time_us % 1000 / 100);
		fputc('\n', out);
		is_first = false;
	}
}

bool
answer_fits(
    const struct answer *answer, const char *const *expected, size_t count)
{
	struct sp_view text = buffer_view(&answer->text), line;

	for (size_t i = 0; i < count; i++) {
		char room[LINE_SIZE];

		if (!next_line(&text, &line) ||
		    !view_to_string(line, room, sizeof room) ||
		    (strcmp(expected[i], room) != 0 &&
			!pattern_matches(expected[i], room)))
			return false;
	}
	return !answer->is_failure;
}
