/*
 * SFTP with one client on one channel: requests are taken one after the
 * other, as they come in pieces, and answered in order. While something
 * waits to be sent, or a storage has not answered, no further request is
 * taken: what a client can make this keep is one request and one answer.
 */
#ifndef SP_SFTP_CONVERSATION_H
#define SP_SFTP_CONVERSATION_H

#include "lib/sftp/sftpframe.h"
#include "modules/sftp/handletable.h"
#include "modules/sftp/longname.h"

#include <limits.h>

enum {
	/* What is told, as by OpenSSH, whose clients take no longer packet. */
	CONVERSATION_PACKET_MAX = 262144,
	CONVERSATION_READ_MAX = 261120,
	CONVERSATION_WRITE_MAX = 261120, /* more is taken */
	CONVERSATION_ANSWERS = 8192, /* past it no request is taken */
	CONVERSATION_OUT_MAX = SFTPMESSAGE_MAX + CONVERSATION_ANSWERS,
};

struct conversation;

/* Goes on where a storage's operation has ended. */
typedef void conversation_step(struct conversation *, uint32_t status);

struct conversation {
	struct sp_chan *chan;
	const struct sp_storage_ops *ops;
	struct sp_store *store;

	struct sftpframe frame;
	struct buffer out; /* answers that were not sent yet */
	struct handletable handles;
	struct longname_ids ids;

	/* the request at hand; its views are gone once it was begun */
	struct sftpmessage request;
	struct handletable_entry *entry, *other_entry;
	conversation_step *next; /* when its operation has ended */
	struct sp_reply reply;
	bool is_waiting; /* for the storage */
	bool is_writing; /* the data of a WRITE comes */
	bool is_reading; /* room for the answer is wanted */
	bool is_copying; /* a piece at a time */
	bool is_naming; /* out ends with a NAME that is not complete */
	uint32_t write_status; /* the first that was wrong; 0: none */
	size_t mark; /* where the NAME that is being made begins */
	char path[PATH_MAX], target[PATH_MAX];

	bool has_begun; /* INIT has come */
	bool is_broken; /* no sense can be made of what comes */
	bool has_eof;
};

void conversation_init(struct conversation *, struct sp_chan *,
    const struct sp_storage_ops *, struct sp_store *);
/* Closes what is open, and detaches the store. */
void conversation_clear(struct conversation *);

/* As of struct sp_handler_ops. */
size_t conversation_hear(struct conversation *, struct sp_view);
void conversation_speak(struct conversation *);
void conversation_end(struct conversation *);

/* ---- for the operations ---- */

/* What the storage is to fill in, emptied. */
struct sp_reply *conversation_reply(struct conversation *);

/* An operation ended so, or will: then goes on with the step. */
void conversation_settle(
    struct conversation *, conversation_step *, uint32_t status);

#endif
