/*
 * The old protocol of scp with one client on one channel, in either
 * direction. A step at a time: each ends with something asked of the
 * storage, or of the client. While something waits to be sent nothing is
 * begun and nothing heard, so that what is kept is a line and what a file's
 * storage answered late.
 */
#ifndef SP_SFTP_SCPSERVICE_H
#define SP_SFTP_SCPSERVICE_H

#include "lib/scp/scpcommand.h"
#include "lib/scp/scpframe.h"
#include "lib/scp/scprecord.h"

#include <sallyport/storage.h>

#include <limits.h>

enum {
	SCPSERVICE_DEPTH = 64, /* folders in folders */
	SCPSERVICE_READ = 262144, /* of a file, at once */
	SCPSERVICE_TEXT = 256,
};

struct scpservice;

/* Goes on where the storage, or the client, has answered so. */
typedef void scpservice_step(struct scpservice *, uint32_t status);

/* A folder that is open, or is being filled. */
struct scpservice_level {
	size_t base; /* of the path: what is above it */
	struct sp_file *folder; /* that is read */
	const char *pattern; /* of the names that are sent; NULL: all */
	bool was_told; /* the client hears of its end */
	bool had_match;
	struct sp_file_attr kept; /* that it is to get at its end */
};

struct scpservice {
	struct sp_chan *chan;
	const struct sp_storage_ops *ops;
	struct sp_store *store;
	uint64_t size_max; /* of a file that comes; 0: no limit */
	size_t depth_max;

	struct scpcommand command;
	struct scpframe frame;
	struct buffer out;
	size_t errors; /* on either side */
	bool is_over;
	bool has_eof;

	scpservice_step *next; /* what is to be done now */
	uint32_t status; /* with which */
	bool is_waiting; /* for the storage, before that */
	scpservice_step *answered; /* when the client's answer is there */
	struct sp_reply reply;

	/* where it is at work */
	struct scpservice_level levels[SCPSERVICE_DEPTH];
	size_t depth;
	size_t base; /* of the path: the folder */
	char path[PATH_MAX];
	size_t word; /* the next of the command's paths */

	/* the file at hand */
	struct sp_file *file;
	struct sp_file_attr attr;
	uint64_t offset, left;
	bool into_folder; /* the command's path is one */
	bool has_times; /* a line with them came before */
	bool is_sending; /* room for the file's bytes is wanted */
	bool has_failed;
	char failure[SCPSERVICE_TEXT]; /* the first of it */
};

/*
 * Takes the store. problem: why nothing can be served, which the client is
 * told; NULL: the command has been read, and goes on living here.
 */
void scpservice_init(struct scpservice *, struct sp_chan *,
    const struct sp_storage_ops *, struct sp_store *);
void scpservice_begin(struct scpservice *, const char *problem);
/* Closes what is open, and detaches the store. */
void scpservice_clear(struct scpservice *);

/* As of struct sp_handler_ops. */
size_t scpservice_hear(struct scpservice *, struct sp_view);
void scpservice_speak(struct scpservice *);
void scpservice_end(struct scpservice *);

/* ---- for the directions ---- */

/* What the storage is to fill in, emptied. */
struct sp_reply *scpservice_reply(struct scpservice *);

/* The storage's operation ended so, or will: then goes on with the step. */
void scpservice_go(struct scpservice *, uint32_t status, scpservice_step *);

/* Sends a line, or that all is well. */
void scpservice_tell(struct scpservice *, const struct scprecord *);
void scpservice_accept(struct scpservice *);

/* The client's answer: the step hears of SP_FILE_OK or SP_FILE_FAILED. */
void scpservice_await(struct scpservice *, scpservice_step *);

/* Something of the path failed; it goes on. */
void scpservice_warn(struct scpservice *, const char *text);
/* The words for a status and the storage's reason. */
const char *scpservice_text(const struct scpservice *, uint32_t status);
/* Nothing goes on. */
void scpservice_fail(struct scpservice *, const char *text);

/* Keeps the first failure of a file. */
void scpservice_note(struct scpservice *, uint32_t status);

/* Puts a name behind the path's base; false where there is no room. */
bool scpservice_join(struct scpservice *, struct sp_view name);
/* The path ends with its base, which is never nothing. */
void scpservice_cut(struct scpservice *);

/* Files come (scpsink.c) ... */
void scpsink_begin(struct scpservice *);
void scpsink_record(struct scpservice *, const struct scprecord *);
void scpsink_data(struct scpservice *, struct sp_view);

/* ... or are sent (scpsource.c); false: there is no room now. */
void scpsource_begin(struct scpservice *);
bool scpsource_send(struct scpservice *);

#endif
