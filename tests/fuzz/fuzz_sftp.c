/*
 * A stream of SFTP, in two pieces: cut alike wherever it is cut; and each
 * message, as a server and as a client would read it, is written as it was.
 */
#include "lib/sftp/sftpframe.h"
#include "tests/fuzz/target.h"

static void
check_names(struct sp_view names)
{
	struct sftpmessage_name name;
	size_t left = names.len;

	while (sftpmessage_next_name(&names, &name)) {
		TARGET_ASSERT(names.len < left);
		left = names.len;
	}
}

static void
check_message(struct sp_view data, enum sftpmessage_sender sender,
    enum sftpmessage_kind reply)
{
	struct sftpmessage m, again;
	struct sp_view pairs, name, version;
	struct buffer b;

	if (sftpmessage_decode(&m, data, sender, reply) != SP_OK ||
	    m.kind == SFTPMESSAGE_UNKNOWN)
		return;
	check_names(m.names);
	pairs = m.extensions;
	while (sftpmessage_next_pair(&pairs, &name, &version))
		;
	buffer_init(&b, SFTPMESSAGE_MAX + 4);
	TARGET_ASSERT(sftpmessage_encode(&b, &m) == SP_OK);
	/* Extended attributes are not written; all else is. */
	TARGET_ASSERT(buffer_len(&b) - 4 <= data.len);
	TARGET_ASSERT(sftpmessage_decode(&again,
			  view_of(buffer_view(&b).data + 4, buffer_len(&b) - 4),
			  sender, reply) == SP_OK);
	TARGET_ASSERT(again.kind == m.kind && again.id == m.id);
	TARGET_ASSERT(again.attr.has == m.attr.has);
	TARGET_ASSERT(view_equal(again.path, m.path));
	buffer_clear(&b);
}

struct sum {
	size_t messages, writes, bytes;
	bool is_broken;
};

static void
hear(struct sftpframe *f, struct sp_view input, struct sum *sum)
{
	struct sftpmessage m;
	struct sp_view data;

	while (!sum->is_broken) {
		switch (sftpframe_next(f, &input, &m, &data)) {
		case SFTPFRAME_NOTHING:
			TARGET_ASSERT(input.len == 0);
			return;
		case SFTPFRAME_MESSAGE:
			sum->messages++;
			sum->bytes += data.len;
			check_message(
			    data, SFTPMESSAGE_CLIENT, SFTPMESSAGE_UNKNOWN);
			check_message(data, SFTPMESSAGE_SERVER,
			    SFTPMESSAGE_STATVFS_REPLY);
			check_message(
			    data, SFTPMESSAGE_SERVER, SFTPMESSAGE_LIMITS_REPLY);
			check_message(data, SFTPMESSAGE_SERVER,
			    SFTPMESSAGE_USERS_GROUPS_REPLY);
			break;
		case SFTPFRAME_WRITE:
			sum->writes++;
			break;
		case SFTPFRAME_DATA:
			sum->bytes += data.len;
			break;
		case SFTPFRAME_BROKEN:
			sum->is_broken = true;
			break;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum whole = { 0 }, cut = { 0 };
	struct sftpframe f;
	size_t at;

	if (size == 0)
		return 0;
	at = data[0] % size;
	sftpframe_init(&f);
	hear(&f, view_of(data + 1, size - 1), &whole);
	sftpframe_clear(&f);
	sftpframe_init(&f);
	hear(&f, view_of(data + 1, at), &cut);
	hear(&f, view_of(data + 1 + at, size - 1 - at), &cut);
	sftpframe_clear(&f);
	TARGET_ASSERT(whole.messages == cut.messages);
	TARGET_ASSERT(whole.writes == cut.writes);
	TARGET_ASSERT(whole.bytes == cut.bytes);
	TARGET_ASSERT(whole.is_broken == cut.is_broken);
	return 0;
}
