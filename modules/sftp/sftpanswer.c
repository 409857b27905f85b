/* Answers, which wait in c->out, and reads, most of which do not. */
#include "modules/sftp/sftpanswer.h"

#include <string.h>
#include <syslog.h>
#include <time.h>

enum {
	PARTS = 8, /* of packets; one more for what they have no room for */
	ENTRIES_MAX = 128, /* in one NAME, and bytes */
	ENTRIES_BYTES = 30000,
};

const char *
sftpanswer_text(uint32_t status)
{
	static const struct {
		uint32_t status;
		const char *text;
	} rows[] = {
		{ SP_FILE_OK, "Success" },
		{ SP_FILE_EOF, "End of file" },
		{ SP_FILE_NOT_FOUND, "No such file" },
		{ SP_FILE_DENIED, "Permission denied" },
		{ SP_FILE_BAD_MESSAGE, "Bad message" },
		{ SP_FILE_UNSUPPORTED, "Operation unsupported" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].status == status)
			return rows[i].text;
	return "Failure";
}

/*
 * Each request with its status, for who looks for what goes wrong; but for
 * reads and writes that went well, of which a transfer's line has the sum.
 */
static void
tell(const struct conversation *c, uint32_t status, const char *reason)
{
	const struct sftpmessage *m = &c->request;
	bool is_bulk =
	    m->kind == SFTPMESSAGE_WRITE || m->kind == SFTPMESSAGE_READ;
	bool has_path = m->path.len > 0 && status != SP_FILE_BAD_MESSAGE;
	bool has_target = has_path && m->target.len > 0;

	if (is_bulk && (status == SP_FILE_OK || status == SP_FILE_EOF))
		return;
	sp_log(LOG_DEBUG, "sftp_request", "%s %u%s%s%s%s: %s",
	    sftpmessage_name_of(m->kind), m->id, has_path ? " " : "",
	    has_path ? c->path : "", has_target ? " " : "",
	    has_target ? c->target : "",
	    reason == NULL ? sftpanswer_text(status) : reason);
}

void
sftpanswer(struct conversation *c, const struct sftpmessage *message)
{
	if (message->kind != SFTPMESSAGE_STATUS)
		tell(c, SP_FILE_OK, NULL);
	if (sftpmessage_encode(&c->out, message) != SP_OK)
		c->is_broken = true;
}

void
sftpanswer_status(struct conversation *c, uint32_t status, const char *reason)
{
	if (reason == NULL || status == SP_FILE_OK)
		reason = sftpanswer_text(status);
	tell(c, status, reason);
	sftpanswer(c,
	    &(struct sftpmessage){ .kind = SFTPMESSAGE_STATUS,
		.id = c->request.id,
		.code = status,
		.text = sp_text(reason) });
}

/* True when it failed, and that was answered. */
static bool
has_failed(struct conversation *c, uint32_t status)
{
	if (status == SP_FILE_OK)
		return false;
	sftpanswer_status(c, status, c->reply.reason);
	return true;
}

void
sftpanswer_done(struct conversation *c, uint32_t status)
{
	sftpanswer_status(c, status, c->reply.reason);
}

void
sftpanswer_handle(struct conversation *c, uint32_t status)
{
	bool is_folder = c->request.kind == SFTPMESSAGE_OPENDIR;
	struct sp_file *file = c->reply.file;
	uint8_t handle[HANDLETABLE_HANDLE];

	if (has_failed(c, status))
		return;
	if (!handletable_add(
		&c->handles, file, c->request.flags, is_folder, handle)) {
		conversation_settle(c, sftpanswer_done,
		    c->ops->close(conversation_reply(c), c->store, file) ==
			    SP_FILE_LATER
			? SP_FILE_LATER
			: SP_FILE_FAILED);
		return;
	}
	sftpanswer(c,
	    &(struct sftpmessage){ .kind = SFTPMESSAGE_HANDLE,
		.id = c->request.id,
		.handle = view_of(handle, sizeof handle) });
}

void
sftpanswer_attr(struct conversation *c, uint32_t status)
{
	if (has_failed(c, status))
		return;
	sftpanswer(c,
	    &(struct sftpmessage){ .kind = SFTPMESSAGE_ATTRS,
		.id = c->request.id,
		.attr = c->reply.attr });
}

void
sftpanswer_space(struct conversation *c, uint32_t status)
{
	if (has_failed(c, status))
		return;
	sftpanswer(c,
	    &(struct sftpmessage){ .kind = SFTPMESSAGE_STATVFS_REPLY,
		.id = c->request.id,
		.space = c->reply.space });
}

/* ---- names ---- */

void
sftpanswer_one_name(struct conversation *c, struct sp_view name)
{
	const struct sftpmessage_name entry = {
		.name = name,
		.long_name = name,
	};

	tell(c, SP_FILE_OK, NULL);
	if (sftpmessage_begin_names(&c->out, c->request.id, &c->mark) !=
		SP_OK ||
	    sftpmessage_add_name(&c->out, &entry) != SP_OK)
		c->is_broken = true;
	else
		sftpmessage_end_names(&c->out, c->mark, 1);
}

void
sftpanswer_name(struct conversation *c, uint32_t status)
{
	if (!has_failed(c, status))
		sftpanswer_one_name(c, c->reply.name);
}

static bool
add_entry(struct conversation *c)
{
	struct sp_view name = c->reply.name;
	char line[LONGNAME_SIZE + NAME_MAX];
	size_t len = longname_write(&c->ids, &c->reply.attr, time(NULL), line);
	struct sftpmessage_name entry = {
		.name = name,
		.attr = c->reply.attr,
	};

	if (name.len > NAME_MAX)
		return false;
	memcpy(line + len, name.data, name.len);
	entry.long_name = view_of(line, len + name.len);
	if (c->request.count == 0 &&
	    sftpmessage_begin_names(&c->out, c->request.id, &c->mark) != SP_OK)
		return false;
	c->is_naming = true;
	c->request.count++;
	return sftpmessage_add_name(&c->out, &entry) == SP_OK;
}

void
sftpanswer_entries(struct conversation *c, uint32_t status)
{
	while (status == SP_FILE_OK) {
		if (!add_entry(c)) {
			c->is_broken = true;
			return;
		}
		if (c->request.count == ENTRIES_MAX ||
		    buffer_len(&c->out) - c->mark > ENTRIES_BYTES)
			break;
		status = c->ops->next_entry(
		    conversation_reply(c), c->store, c->entry->file);
	}
	if (status == SP_FILE_LATER) {
		conversation_settle(c, sftpanswer_entries, status);
		return;
	}
	c->is_naming = false;
	if (c->request.count > 0)
		tell(c, SP_FILE_OK, NULL);
	if (c->request.count > 0)
		sftpmessage_end_names(&c->out, c->mark, c->request.count);
	else
		sftpanswer_status(c, status, c->reply.reason);
}

/* ---- reads ---- */

/* The storage answered a read later, with bytes of its own. */
static void
sftpanswer_data(struct conversation *c, uint32_t status)
{
	struct sp_view data = c->reply.data;

	if (has_failed(c, status))
		return;
	if (data.len > c->request.len)
		data.len = (size_t)c->request.len;
	if (data.len == 0)
		sftpanswer_status(c, SP_FILE_EOF, NULL);
	else
		sftpanswer(c,
		    &(struct sftpmessage){ .kind = SFTPMESSAGE_DATA,
			.id = c->request.id,
			.data = data });
}

/* Where an answer of len bytes goes: packets first, then what waits. */
struct places {
	struct iovec parts[PARTS + 1];
	size_t count;
	size_t in_packets; /* bytes */
};

/* False when there is no room now. */
static bool
find_places(struct conversation *c, size_t len, struct places *places)
{
	uint8_t *room = NULL;

	places->count = PARTS;
	places->in_packets =
	    sp_chan_reserve(c->chan, len, places->parts, &places->count);
	if (places->in_packets == 0)
		return false;
	/* The header must be in one piece. */
	if (places->parts[0].iov_len <= SFTPMESSAGE_DATA_HEADER) {
		sp_chan_commit(c->chan, 0);
		places->in_packets = places->count = 0;
	}
	if (places->in_packets == len)
		return true;
	if (buffer_room(&c->out, len - places->in_packets, &room) != SP_OK) {
		c->is_broken = true;
		return false;
	}
	places->parts[places->count++] = (struct iovec){
		.iov_base = room,
		.iov_len = len - places->in_packets,
	};
	return true;
}

/* The answer's first len bytes are there. */
static void
fill_places(struct conversation *c, const struct places *places, size_t len)
{
	size_t in_packets = len < places->in_packets ? len : places->in_packets;

	if (places->in_packets > 0)
		sp_chan_commit(c->chan, in_packets);
	if (len > in_packets)
		buffer_grew(&c->out, len - in_packets);
}

bool
sftpanswer_read(struct conversation *c)
{
	size_t header = SFTPMESSAGE_DATA_HEADER;
	size_t len = (size_t)c->request.len;
	struct sp_reply *reply = conversation_reply(c);
	struct places places;
	uint8_t *start;
	uint32_t status;

	if (!find_places(c, header + len, &places))
		return false;
	start = places.parts[0].iov_base;
	places.parts[0].iov_base = start + header;
	places.parts[0].iov_len -= header;
	status = c->ops->read(reply, c->store, c->entry->file,
	    c->request.offset, places.parts, places.count);
	c->is_reading = false;
	if (status == SP_FILE_OK && reply->count > 0 && reply->count <= len) {
		sftpmessage_put_data_header(
		    start, c->request.id, (uint32_t)reply->count);
		fill_places(c, &places, header + reply->count);
		return true;
	}
	fill_places(c, &places, 0);
	if (status == SP_FILE_OK)
		status = SP_FILE_EOF;
	conversation_settle(c, sftpanswer_data, status);
	return true;
}
