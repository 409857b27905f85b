/* Taking packets apart: in place where they are whole, else gathered. */
#include "lib/sftp/sftpframe.h"

#include "lib/wire/reader.h"

enum {
	LENGTH = 4,
	WRITE_NUMBER = 6,
	/* A WRITE's number, id, the length of its handle; the rest, at most. */
	WRITE_START = 1 + 4 + 4,
	WRITE_HEADER_MAX = WRITE_START + SFTPMESSAGE_HANDLE_MAX + 8 + 4,
};

void
sftpframe_init(struct sftpframe *f)
{
	*f = (struct sftpframe){ .left = 0 };
	buffer_init(&f->held, LENGTH + SFTPMESSAGE_MAX);
}

void
sftpframe_clear(struct sftpframe *f)
{
	buffer_clear(&f->held);
}

bool
sftpframe_is_inside(const struct sftpframe *f)
{
	return f->left > 0 || f->surplus > 0 ||
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

/*
 * Makes the packet's first len bytes stand in one place, if they are there;
 * else all input is gathered.
 */
static bool
gather(struct sftpframe *f, struct sp_view *input, size_t len,
    struct sp_view *start, enum sp_status *status)
{
	size_t held = buffer_len(&f->held), more;

	if (held == 0 && input->len >= len) {
		*start = view_of(input->data, len);
		return true;
	}
	if (held < len) {
		more = len - held;
		if (more > input->len)
			more = input->len;
		if (more > 0)
			*status = buffer_append(&f->held, take(input, more));
	}
	*start = view_of(
	    f->held.data == NULL ? NULL : f->held.data + f->held.start, len);
	return *status == SP_OK && buffer_len(&f->held) >= len;
}

/* The packet's first len bytes are given out now. */
static void
use(struct sftpframe *f, struct sp_view *input, size_t len)
{
	if (buffer_len(&f->held) == 0)
		take(input, len);
	else
		f->is_used = true;
}

static uint32_t
length_of(struct sp_view start)
{
	struct reader r;

	reader_init(&r, start);
	return reader_u32(&r);
}

/* How long a WRITE's header is, which cannot be longer than the packet. */
static size_t
write_header_len(struct sp_view start, size_t packet)
{
	struct reader r;
	uint32_t handle;

	reader_init(&r, start);
	(void)reader_bytes(&r, LENGTH + 1 + 4);
	handle = reader_u32(&r);
	if (handle > SFTPMESSAGE_HANDLE_MAX ||
	    WRITE_START + handle + 8 + 4 > packet)
		return 0;
	return WRITE_START + handle + 8 + 4;
}

/*
 * Whether it is a WRITE whose data may be passed on as it comes; one that
 * is malformed is gathered as any other, and its decoder says so.
 */
static bool
begin_write(struct sftpframe *f, struct sp_view *input, size_t packet,
    struct sftpmessage *message, enum sp_status *status)
{
	struct sp_view start;
	size_t header;

	if (packet < WRITE_START ||
	    !gather(f, input, LENGTH + WRITE_START, &start, status))
		return false;
	header = write_header_len(start, packet);
	if (header == 0 || !gather(f, input, LENGTH + header, &start, status))
		return false;
	if (sftpmessage_decode_write(message,
		view_of(start.data + LENGTH, header), packet) != header)
		return false;
	use(f, input, LENGTH + header);
	f->left = message->data.len;
	f->surplus = packet - header - f->left;
	return true;
}

static enum sftpframe_event
pass_data(struct sftpframe *f, struct sp_view *input, struct sp_view *data)
{
	if (input->len == 0)
		return SFTPFRAME_NOTHING;
	*data = take(input, f->left < input->len ? f->left : input->len);
	f->left -= data->len;
	return SFTPFRAME_DATA;
}

/*
 * As OpenSSH: what stands behind the data is none. Go's pkg/sftp, and so
 * rclone, fills up the shorter of its writes with what was there before.
 */
static void
pass_over(struct sftpframe *f, struct sp_view *input)
{
	size_t len = f->surplus < input->len ? f->surplus : input->len;

	if (len > 0)
		take(input, len);
	f->surplus -= len;
}

enum sftpframe_event
sftpframe_next(struct sftpframe *f, struct sp_view *input,
    struct sftpmessage *message, struct sp_view *data)
{
	enum sp_status status = SP_OK;
	struct sp_view start;
	size_t packet;

	if (f->is_used) {
		buffer_consume(&f->held, buffer_len(&f->held));
		f->is_used = false;
	}
	if (f->left > 0)
		return pass_data(f, input, data);
	pass_over(f, input);
	if (f->surplus > 0)
		return SFTPFRAME_NOTHING;
	if (!gather(f, input, LENGTH, &start, &status))
		return status == SP_OK ? SFTPFRAME_NOTHING : SFTPFRAME_BROKEN;
	packet = length_of(start);
	if (packet == 0 || packet > SFTPMESSAGE_MAX)
		return SFTPFRAME_BROKEN;
	if (!gather(f, input, LENGTH + 1, &start, &status))
		return status == SP_OK ? SFTPFRAME_NOTHING : SFTPFRAME_BROKEN;
	if (start.data[LENGTH] == WRITE_NUMBER &&
	    begin_write(f, input, packet, message, &status))
		return SFTPFRAME_WRITE;
	/* Of a WRITE, what may follow its header must not be gathered yet. */
	if (status == SP_OK && input->len == 0 &&
	    buffer_len(&f->held) < LENGTH + packet)
		return SFTPFRAME_NOTHING;
	if (!gather(f, input, LENGTH + packet, &start, &status))
		return status == SP_OK ? SFTPFRAME_NOTHING : SFTPFRAME_BROKEN;
	*data = view_of(start.data + LENGTH, packet);
	use(f, input, LENGTH + packet);
	return SFTPFRAME_MESSAGE;
}
