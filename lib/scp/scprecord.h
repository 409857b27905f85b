/*
 * The lines of scp's protocol, which rcp's was: what comes, a folder's
 * begin and end, times, and what went wrong.
 *
 *     C0644 1234 name     a file of so many bytes, which follow
 *     D0755 0 name        a folder begins ...
 *     E                   ... and ends
 *     T12 0 34 0          times of the next: changed, and read
 *     \1text  \2text      a warning, an error behind which nothing comes
 */
#ifndef SP_SCP_SCPRECORD_H
#define SP_SCP_SCPRECORD_H

#include "lib/wire/buffer.h"

enum { SCPRECORD_NAME_MAX = 255, SCPRECORD_TEXT_MAX = 4200 };

enum scprecord_kind {
	SCPRECORD_FILE = 'C',
	SCPRECORD_FOLDER = 'D',
	SCPRECORD_END = 'E',
	SCPRECORD_TIMES = 'T',
	SCPRECORD_WARNING = 1,
	SCPRECORD_ERROR = 2,
};

struct scprecord {
	enum scprecord_kind kind;
	uint32_t mode; /* of file and folder: permissions, at most 07777 */
	uint64_t size; /* of a file: at most INT64_MAX */
	uint32_t mtime, atime; /* seconds since 1970 */
	struct sp_view text; /* the name, or what went wrong; borrowed */
};

/*
 * Whether it can be one in a folder: not empty, ".", "..", too long, nor
 * with "/" or a control character in it.
 */
bool scprecord_is_name(struct sp_view);

/* A line without its end. NULL, or what is wrong with it. */
SP_MUST_USE const char *scprecord_decode(struct scprecord *, struct sp_view);

/* With its end. Control characters of a text become "?". */
SP_MUST_USE enum sp_status
scprecord_encode(struct buffer *, const struct scprecord *);

#endif
