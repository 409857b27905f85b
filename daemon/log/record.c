/* A record as it travels: event, lost records, fields. */
#include "daemon/log/record.h"

#include "daemon/log/events.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <assert.h>

static void
write_field(struct writer *w, const struct log_field *field)
{
	struct sp_view text = field->text;

	writer_u8(w, (uint8_t)field->key);
	if (events_find_field(field->key)->kind == EVENTS_NUMBER) {
		writer_u64(w, field->number);
		return;
	}
	if (text.len > RECORD_TEXT_MAX)
		text.len = RECORD_TEXT_MAX;
	writer_string(w, text);
}

enum sp_status
record_encode(enum log_event event, uint32_t lost,
    const struct log_field *fields, size_t n, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u32(&w, event);
	writer_u32(&w, lost);
	for (size_t i = 0; i < n; i++)
		write_field(&w, &fields[i]);
	return writer_finish(&w);
}

static void
read_field(struct reader *r, struct record *record)
{
	struct log_field field = { 0 };
	uint8_t key = reader_u8(r);

	if (key >= LOG_KEYS || record_field(record, key) != NULL) {
		reader_fail(r);
		return;
	}
	field.key = key;
	if (events_find_field(field.key)->kind == EVENTS_NUMBER)
		field.number = reader_u64(r);
	else
		field.text = reader_string_max(r, RECORD_TEXT_MAX);
	record->fields[record->count++] = field;
}

enum sp_status
record_decode(struct sp_view body, struct record *record)
{
	struct record got = { 0 };
	struct reader r;
	uint32_t event;
	enum sp_status status;

	reader_init(&r, body);
	event = reader_u32(&r);
	if (event >= LOG_EVENTS)
		reader_fail(&r);
	got.event = (enum log_event)event;
	got.lost = reader_u32(&r);
	while (r.left > 0)
		read_field(&r, &got);
	status = reader_finish(&r);
	if (status == SP_OK)
		*record = got;
	return status;
}

const struct log_field *
record_field(const struct record *record, enum log_key key)
{
	for (size_t i = 0; i < record->count; i++)
		if (record->fields[i].key == key)
			return &record->fields[i];
	return NULL;
}
