/* A record as one line: the text form filled in, or a JSON object. */
#include "daemon/log/line.h"

#include "daemon/log/escape.h"
#include "daemon/log/events.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

static void
write_number(struct writer *w, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRIu64, number);
	writer_bytes(w, view_of_string(digits));
}

static void
write_value(struct writer *w, const struct log_field *field)
{
	enum events_kind kind = events_find_field(field->key)->kind;

	if (kind == EVENTS_NUMBER)
		write_number(w, field->number);
	else
		escape_text(w, field->text, kind == EVENTS_WORD);
}

/* What stands between braces: "field" or "before|field". */
static void
write_place(struct writer *w, const struct record *record, struct sp_view place)
{
	const uint8_t *bar = memchr(place.data, '|', place.len);
	struct sp_view before = { NULL, 0 };
	const struct log_field *field;
	enum log_key key;

	if (bar != NULL) {
		before = view_of(place.data, (size_t)(bar - place.data));
		place = view_of(bar + 1, place.len - before.len - 1);
	}
	key = events_key(place);
	assert(key < LOG_KEYS);
	field = record_field(record, key);
	if (field != NULL) {
		writer_bytes(w, before);
		write_value(w, field);
	} else if (bar == NULL) {
		writer_u8(w, '-');
	}
}

enum sp_status
line_write_text(const struct record *record, struct buffer *out)
{
	const char *next = events_find(record->event)->text;
	struct writer w;

	writer_init(&w, out);
	while (*next != '\0') {
		size_t plain = strcspn(next, "{");
		size_t place;

		writer_bytes(&w, view_of(next, plain));
		next += plain;
		if (*next == '\0')
			break;
		place = strcspn(next, "}");
		assert(next[place] == '}');
		write_place(&w, record, view_of(next + 1, place - 1));
		next += place + 1;
	}
	return writer_finish(&w);
}

static void
write_name(struct writer *w, const char *name)
{
	writer_u8(w, '"');
	writer_bytes(w, view_of_string(name));
	writer_bytes(w, view_of("\":", 2));
}

static void
write_string(struct writer *w, const char *name, struct sp_view text)
{
	write_name(w, name);
	writer_u8(w, '"');
	escape_json(w, text);
	writer_u8(w, '"');
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_NOTICE:
		return "notice";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "unknown";
}

static void
write_origin(struct writer *w, const struct line_origin *origin)
{
	write_string(w, "by", view_of_string(ipc_role_name(origin->role)));
	writer_u8(w, ',');
	write_name(w, "pid");
	write_number(w, (uint64_t)origin->pid);
	if (origin->id != 0) {
		writer_u8(w, ',');
		write_name(w, "by_number");
		write_number(w, origin->id);
	}
}

enum sp_status
line_write_json(const struct record *record, const struct line_origin *origin,
    const struct timespec *time, struct buffer *out)
{
	const struct events_row *row = events_find(record->event);
	char when[LINE_TIME_SIZE];
	struct writer w;

	line_format_time(time, when);
	writer_init(&w, out);
	writer_u8(&w, '{');
	write_string(&w, "time", view_of_string(when));
	writer_u8(&w, ',');
	write_string(&w, "level", view_of_string(level_name(row->level)));
	writer_u8(&w, ',');
	write_origin(&w, origin);
	writer_u8(&w, ',');
	write_string(&w, "event", view_of_string(row->name));
	for (size_t i = 0; i < record->count; i++) {
		const struct log_field *field = &record->fields[i];
		const struct events_field *kind = events_find_field(field->key);

		writer_u8(&w, ',');
		if (kind->kind == EVENTS_NUMBER) {
			write_name(&w, kind->name);
			write_number(&w, field->number);
		} else {
			write_string(&w, kind->name, field->text);
		}
	}
	writer_u8(&w, '}');
	return writer_finish(&w);
}

void
line_format_time(const struct timespec *time, char room[LINE_TIME_SIZE])
{
	struct tm parts;
	size_t len;

	gmtime_r(&time->tv_sec, &parts);
	len = strftime(room, LINE_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(room + len, LINE_TIME_SIZE - len, ".%03dZ",
	    (int)(time->tv_nsec / 1000000));
}
