/*
 * The messages of SFTP: one struct for all of them, decoded and encoded by
 * the rows of sftpmessage.def, in both roles. A message here is what is
 * behind the packet's length (draft-ietf-secsh-filexfer-02 section 3).
 */
#ifndef SP_SFTP_SFTPMESSAGE_H
#define SP_SFTP_SFTPMESSAGE_H

#include "lib/wire/buffer.h"

#include <sallyport/sftp.h>

enum {
	SFTPMESSAGE_PROTOCOL = 3, /* its version */
	/* The longest there is, without its length: 256 KiB and a header. */
	SFTPMESSAGE_MAX = 262144 + 1024,
	SFTPMESSAGE_HANDLE_MAX = 256, /* section 6.3 */
	SFTPMESSAGE_ATTRS_MAX = 256, /* extended ones; they are passed over */
};

enum sftpmessage_sender { SFTPMESSAGE_CLIENT, SFTPMESSAGE_SERVER };

/* SFTPMESSAGE_OPEN and so on: the rows. */
enum sftpmessage_kind {
#define SFTP(name, number, sender, extension, version, fields) \
	SFTPMESSAGE_##name,
#include "lib/sftp/sftpmessage.def"
#undef SFTP
	SFTPMESSAGE_UNKNOWN, /* of a number or extension that has no row */
};

/* "limits@openssh.com" (OpenSSH's PROTOCOL 4.8); 0: none is told. */
struct sftpmessage_limits {
	uint64_t packet, read, write, handles;
};

/* Views are borrowed from what was decoded. What a kind lacks is 0. */
struct sftpmessage {
	enum sftpmessage_kind kind;
	uint32_t id;
	uint32_t version;
	struct sp_view extensions; /* sftpmessage_next_pair() */
	struct sp_view path, target;
	struct sp_view handle, other_handle;
	uint64_t offset, other_offset;
	uint64_t len; /* to be read or copied */
	struct sp_view data;
	uint32_t flags; /* enum sp_file_flag */
	struct sp_file_attr attr;
	uint32_t code; /* enum sp_file_status */
	struct sp_view text, language;
	uint32_t count;
	struct sp_view names; /* sftpmessage_next_name() */
	struct sp_file_space space;
	struct sftpmessage_limits limits;
	struct sp_view uids, gids; /* packed: uint32s, or strings */
};

/*
 * reply: what an EXTENDED_REPLY would be here. SP_ERR_FORMAT when a field
 * is missing, malformed or too long, SP_ERR_TRAILING when something is
 * behind the last; kind and id are set as far as they were there, so that
 * it can be answered. A message that the sender does not send is UNKNOWN,
 * and only its id is read.
 */
SP_MUST_USE enum sp_status sftpmessage_decode(struct sftpmessage *,
    struct sp_view, enum sftpmessage_sender, enum sftpmessage_kind reply);

/* Appends a packet: the length and the message. On failure nothing. */
SP_MUST_USE enum sp_status
sftpmessage_encode(struct buffer *, const struct sftpmessage *);

/*
 * The number of bytes in front of the data of a WRITE (section 6.4), where
 * they are all there and its lengths fit into that of the packet; 0 where
 * not. Decodes them: data.len is that which follows, and data.data NULL.
 */
size_t sftpmessage_decode_write(
    struct sftpmessage *, struct sp_view, size_t packet_len);

/* The header of a DATA of this length, with the packet's own. */
enum { SFTPMESSAGE_DATA_HEADER = 13 };
void sftpmessage_put_data_header(
    uint8_t room[SFTPMESSAGE_DATA_HEADER], uint32_t id, uint32_t len);

/* An entry of a NAME. */
struct sftpmessage_name {
	struct sp_view name;
	struct sp_view long_name; /* a line as of "ls -l" */
	struct sp_file_attr attr;
};

/*
 * A NAME reply, piece by piece: begin returns a mark; end puts in the
 * count. On failure, and with cancel, the buffer is as at the mark.
 */
SP_MUST_USE enum sp_status
sftpmessage_begin_names(struct buffer *, uint32_t id, size_t *mark);
SP_MUST_USE enum sp_status
sftpmessage_add_name(struct buffer *, const struct sftpmessage_name *);
void sftpmessage_end_names(struct buffer *, size_t mark, uint32_t count);
void sftpmessage_cancel(struct buffer *, size_t mark);

/* Takes the first off names; false when none is left, or it is broken. */
bool sftpmessage_next_name(struct sp_view *names, struct sftpmessage_name *);

/* Takes the first off a VERSION's or INIT's extensions. */
bool sftpmessage_next_pair(
    struct sp_view *pairs, struct sp_view *name, struct sp_view *data);

/* The pairs that announce every extension in the table. */
SP_MUST_USE enum sp_status sftpmessage_announce(struct buffer *);

/* As logs and tests show it ("OPEN"); never NULL. */
const char *sftpmessage_name_of(enum sftpmessage_kind);

#endif
