/* The codec: what each letter of a row is, read and written side by side. */
#include "lib/sftp/sftpmessage.h"

#include "lib/sftp/sftpattr.h"

#include <string.h>

enum { EXTENDED = 200, EXTENDED_REPLY = 201 };

static const struct row {
	const char *name;
	uint8_t number;
	enum sftpmessage_sender sender;
	const char *extension; /* NULL: none */
	const char *version;
	const char *fields;
} rows[] = {
#define SFTP(name, number, sender, extension, version, fields) \
	[SFTPMESSAGE_##name] = { #name, number, SFTPMESSAGE_##sender, \
		extension, version, fields },
#include "lib/sftp/sftpmessage.def"
#undef SFTP
};

const char *
sftpmessage_name_of(enum sftpmessage_kind kind)
{
	return kind < SFTPMESSAGE_UNKNOWN ? rows[kind].name : "UNKNOWN";
}

/* ---- fields ---- */

/* Each of these is a list of uint64, in the order of the members. */
enum { SPACE_FIELDS = 11, LIMITS_FIELDS = 4 };

static void
list_space(struct sp_file_space *space, uint64_t *fields[SPACE_FIELDS])
{
	fields[0] = &space->block_size;
	fields[1] = &space->fragment_size;
	fields[2] = &space->blocks;
	fields[3] = &space->free_blocks;
	fields[4] = &space->available_blocks;
	fields[5] = &space->files;
	fields[6] = &space->free_files;
	fields[7] = &space->available_files;
	fields[8] = &space->id;
	fields[9] = &space->flags;
	fields[10] = &space->name_max;
}

static void
list_limits(struct sftpmessage_limits *limits, uint64_t *fields[LIMITS_FIELDS])
{
	fields[0] = &limits->packet;
	fields[1] = &limits->read;
	fields[2] = &limits->write;
	fields[3] = &limits->handles;
}

static void
read_numbers(struct reader *r, uint64_t *const *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*fields[i] = reader_u64(r);
}

static void
write_numbers(struct writer *w, uint64_t *const *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		writer_u64(w, *fields[i]);
}

static void
read_compound(struct reader *r, char field, struct sftpmessage *m)
{
	uint64_t *numbers[SPACE_FIELDS];

	if (field == 'a') {
		sftpattr_read(r, &m->attr);
	} else if (field == 's') {
		list_space(&m->space, numbers);
		read_numbers(r, numbers, SPACE_FIELDS);
	} else if (field == 'b') {
		list_limits(&m->limits, numbers);
		read_numbers(r, numbers, LIMITS_FIELDS);
	} else if (field == 'N') {
		m->count = reader_u32(r);
		m->names = reader_rest(r);
	} else {
		m->extensions = reader_rest(r);
	}
}

static void
write_compound(struct writer *w, char field, const struct sftpmessage *m)
{
	struct sftpmessage copy = *m;
	uint64_t *numbers[SPACE_FIELDS];

	if (field == 'a') {
		sftpattr_write(w, &m->attr);
	} else if (field == 's') {
		list_space(&copy.space, numbers);
		write_numbers(w, numbers, SPACE_FIELDS);
	} else if (field == 'b') {
		list_limits(&copy.limits, numbers);
		write_numbers(w, numbers, LIMITS_FIELDS);
	} else if (field == 'N') {
		writer_u32(w, m->count);
		writer_bytes(w, m->names);
	} else {
		writer_bytes(w, m->extensions);
	}
}

/* The member that a letter for a string stands for; NULL for others. */
static struct sp_view *
string_of(char field, struct sftpmessage *m)
{
	switch (field) {
	case 'p':
		return &m->path;
	case 't':
		return &m->target;
	case 'h':
		return &m->handle;
	case 'H':
		return &m->other_handle;
	case 'd':
		return &m->data;
	case 'm':
		return &m->text;
	case 'n':
		return &m->language;
	case 'u':
		return &m->uids;
	case 'g':
		return &m->gids;
	default:
		return NULL;
	}
}

static uint64_t *
long_of(char field, struct sftpmessage *m)
{
	switch (field) {
	case 'o':
		return &m->offset;
	case 'O':
		return &m->other_offset;
	case 'L':
		return &m->len;
	default:
		return NULL;
	}
}

static uint32_t *
word_of(char field, struct sftpmessage *m)
{
	switch (field) {
	case 'v':
		return &m->version;
	case 'f':
		return &m->flags;
	case 'c':
		return &m->code;
	default:
		return NULL;
	}
}

static void
read_field(struct reader *r, char field, struct sftpmessage *m)
{
	struct sp_view *string = string_of(field, m);
	uint64_t *number = long_of(field, m);
	uint32_t *word = word_of(field, m);

	if (string != NULL)
		*string = reader_string_max(r,
		    field == 'h' || field == 'H' ? SFTPMESSAGE_HANDLE_MAX
						 : SFTPMESSAGE_MAX);
	else if (number != NULL)
		*number = reader_u64(r);
	else if (word != NULL)
		*word = reader_u32(r);
	else if (field == 'l')
		m->len = reader_u32(r);
	else
		read_compound(r, field, m);
}

static void
write_field(struct writer *w, char field, const struct sftpmessage *m)
{
	struct sftpmessage copy = *m;
	const struct sp_view *string = string_of(field, &copy);
	const uint64_t *number = long_of(field, &copy);
	const uint32_t *word = word_of(field, &copy);

	if (string != NULL)
		writer_string(w, *string);
	else if (number != NULL)
		writer_u64(w, *number);
	else if (word != NULL)
		writer_u32(w, *word);
	else if (field == 'l')
		writer_u32(w, (uint32_t)m->len);
	else
		write_compound(w, field, m);
}

/* ---- messages ---- */

static bool
has_id(const struct row *row)
{
	return row->number > 2;
}

/* Of the rows with this number the one that is meant. */
static enum sftpmessage_kind
find(uint8_t number, enum sftpmessage_sender sender, struct sp_view extension,
    enum sftpmessage_kind reply)
{
	unsigned kind = 0;

	if (number == EXTENDED_REPLY && sender == SFTPMESSAGE_SERVER)
		return reply < SFTPMESSAGE_UNKNOWN &&
			rows[reply].number == EXTENDED_REPLY
		    ? reply
		    : SFTPMESSAGE_UNKNOWN;
	while (kind < SFTPMESSAGE_UNKNOWN &&
	    (rows[kind].number != number || rows[kind].sender != sender ||
		(number == EXTENDED &&
		    !view_equal_string(extension, rows[kind].extension))))
		kind++;
	return kind;
}

enum sp_status
sftpmessage_decode(struct sftpmessage *m, struct sp_view data,
    enum sftpmessage_sender sender, enum sftpmessage_kind reply)
{
	struct sp_view extension = view_of(NULL, 0);
	struct reader r;
	uint8_t number;

	*m = (struct sftpmessage){ .kind = SFTPMESSAGE_UNKNOWN };
	reader_init(&r, data);
	number = reader_u8(&r);
	if (number > 2)
		m->id = reader_u32(&r);
	if (number == EXTENDED)
		extension = reader_string(&r);
	if (r.failed)
		return SP_ERR_FORMAT;
	m->kind = find(number, sender, extension, reply);
	if (m->kind == SFTPMESSAGE_UNKNOWN)
		return SP_OK;
	for (const char *field = rows[m->kind].fields; *field != '\0'; field++)
		read_field(&r, *field, m);
	return reader_finish(&r);
}

/* Writes the length of the packet that began at the mark. */
static void
end_packet(struct buffer *b, size_t mark)
{
	size_t len = buffer_len(b) - mark - 4;

	writer_put_u32(b->data + b->start + mark, (uint32_t)len);
}

enum sp_status
sftpmessage_encode(struct buffer *b, const struct sftpmessage *m)
{
	const struct row *row;
	size_t mark = buffer_len(b);
	struct writer w;

	if (m->kind >= SFTPMESSAGE_UNKNOWN)
		return SP_ERR_ARGUMENT;
	row = &rows[m->kind];
	writer_init(&w, b);
	writer_u32(&w, 0);
	writer_u8(&w, row->number);
	if (has_id(row))
		writer_u32(&w, m->id);
	if (row->extension != NULL)
		writer_cstring(&w, row->extension);
	for (const char *field = row->fields; *field != '\0'; field++)
		write_field(&w, *field, m);
	if (writer_finish(&w) != SP_OK) {
		sftpmessage_cancel(b, mark);
		return writer_finish(&w);
	}
	end_packet(b, mark);
	return SP_OK;
}

/* ---- bulk ---- */

size_t
sftpmessage_decode_write(
    struct sftpmessage *m, struct sp_view start, size_t packet_len)
{
	struct reader r;
	size_t header;

	*m = (struct sftpmessage){ .kind = SFTPMESSAGE_WRITE };
	reader_init(&r, start);
	if (reader_u8(&r) != rows[SFTPMESSAGE_WRITE].number)
		reader_fail(&r);
	m->id = reader_u32(&r);
	m->handle = reader_string_max(&r, SFTPMESSAGE_HANDLE_MAX);
	m->offset = reader_u64(&r);
	m->data.len = reader_u32(&r);
	header = start.len - r.left;
	if (r.failed || packet_len < header ||
	    packet_len - header < m->data.len)
		return 0;
	return header;
}

void
sftpmessage_put_data_header(
    uint8_t room[SFTPMESSAGE_DATA_HEADER], uint32_t id, uint32_t len)
{
	writer_put_u32(room, SFTPMESSAGE_DATA_HEADER - 4 + len);
	room[4] = rows[SFTPMESSAGE_DATA].number;
	writer_put_u32(room + 5, id);
	writer_put_u32(room + 9, len);
}

/* ---- names ---- */

enum { NAMES_COUNT = 4 + 1 + 4 }; /* where the count stands, from the mark */

void
sftpmessage_cancel(struct buffer *b, size_t mark)
{
	buffer_truncate(b, mark);
}

enum sp_status
sftpmessage_begin_names(struct buffer *b, uint32_t id, size_t *mark)
{
	const struct sftpmessage m = { .kind = SFTPMESSAGE_NAME, .id = id };

	*mark = buffer_len(b);
	return sftpmessage_encode(b, &m);
}

enum sp_status
sftpmessage_add_name(struct buffer *b, const struct sftpmessage_name *name)
{
	size_t mark = buffer_len(b);
	struct writer w;

	writer_init(&w, b);
	writer_string(&w, name->name);
	writer_string(&w, name->long_name);
	sftpattr_write(&w, &name->attr);
	if (writer_finish(&w) != SP_OK)
		sftpmessage_cancel(b, mark);
	return writer_finish(&w);
}

void
sftpmessage_end_names(struct buffer *b, size_t mark, uint32_t count)
{
	writer_put_u32(b->data + b->start + mark + NAMES_COUNT, count);
	end_packet(b, mark);
}

bool
sftpmessage_next_name(struct sp_view *names, struct sftpmessage_name *name)
{
	struct reader r;

	reader_init(&r, *names);
	name->name = reader_string(&r);
	name->long_name = reader_string(&r);
	sftpattr_read(&r, &name->attr);
	if (r.failed)
		return false;
	*names = reader_rest(&r);
	return true;
}

/* ---- extensions ---- */

bool
sftpmessage_next_pair(
    struct sp_view *pairs, struct sp_view *name, struct sp_view *data)
{
	struct reader r;

	reader_init(&r, *pairs);
	*name = reader_string(&r);
	*data = reader_string(&r);
	if (r.failed)
		return false;
	*pairs = reader_rest(&r);
	return true;
}

enum sp_status
sftpmessage_announce(struct buffer *b)
{
	struct writer w;

	writer_init(&w, b);
	for (size_t i = 0; i < SFTPMESSAGE_UNKNOWN; i++) {
		if (rows[i].extension == NULL)
			continue;
		writer_cstring(&w, rows[i].extension);
		writer_cstring(&w, rows[i].version);
	}
	return writer_finish(&w);
}
