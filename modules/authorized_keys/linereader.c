/* The rest of what was read is the beginning of the next piece. */
#include "modules/authorized_keys/linereader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void
linereader_init(struct linereader *r, int fd)
{
	r->fd = fd;
	r->line = 1;
	r->total = r->given = r->used = 0;
	r->is_skipping = r->is_over = false;
}

void
linereader_clear(struct linereader *r)
{
	close(r->fd);
}

static size_t
count_lines(const char *at, const char *end)
{
	size_t count = 0;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		count++;
		at++;
	}
	return count;
}

/* What was given makes room for more. */
static void
fill(struct linereader *r)
{
	r->line += count_lines(r->room, r->room + r->given);
	memmove(r->room, r->room + r->given, r->used - r->given);
	r->used -= r->given;
	r->given = 0;
	while (r->used < sizeof r->room && !r->is_over) {
		ssize_t n =
		    read(r->fd, r->room + r->used, sizeof r->room - r->used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || (size_t)n > LINEREADER_MAX - r->total) {
			r->is_over = true;
			break;
		}
		r->used += (size_t)n;
		r->total += (size_t)n;
	}
}

/* Drops a line that is too long, up to its newline where that is there. */
static void
skip(struct linereader *r)
{
	const char *end = memchr(r->room, '\n', r->used);

	r->is_skipping = end == NULL;
	r->given = end == NULL ? r->used : (size_t)(end - r->room) + 1;
}

bool
linereader_next(struct linereader *r, struct sp_view *lines)
{
	const char *end;

	for (;;) {
		fill(r);
		if (r->used == 0)
			return false;
		end = memrchr(r->room, '\n', r->used);
		if (!r->is_skipping &&
		    (end != NULL || r->used < sizeof r->room))
			break;
		skip(r);
	}
	r->given = end == NULL ? r->used : (size_t)(end - r->room) + 1;
	*lines = (struct sp_view){ (const uint8_t *)r->room, r->given };
	return true;
}

size_t
linereader_line(const struct linereader *r, const uint8_t *place)
{
	return r->line + count_lines(r->room, (const char *)place);
}
