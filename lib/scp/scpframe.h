/*
 * The stream of scp that comes in pieces: lines, the bytes of a file, and
 * the answers of one byte. What is kept is a part of one line.
 */
#ifndef SP_SCP_SCPFRAME_H
#define SP_SCP_SCPFRAME_H

#include "lib/wire/buffer.h"

/* Without its end; a longer one is broken. */
enum { SCPFRAME_LINE_MAX = 8192 };

struct scpframe {
	struct buffer held; /* of a line that is not complete */
	uint64_t left; /* of a file, that has not come */
	bool awaits_answer; /* next, behind the file, is an answer */
	bool is_used; /* held was given out, and goes */
};

enum scpframe_event {
	SCPFRAME_NOTHING, /* all input was taken; more is needed */
	SCPFRAME_DATA, /* of the file; frame->left follows */
	SCPFRAME_ANSWER, /* the one that was awaited, and it is good */
	SCPFRAME_LINE, /* any other, without its end */
	SCPFRAME_BROKEN, /* too long, or no memory */
};

void scpframe_init(struct scpframe *);
void scpframe_clear(struct scpframe *);

/*
 * The next of the input, off which it is taken. data is borrowed until the
 * next call, or for as long as the input is there.
 */
enum scpframe_event
scpframe_next(struct scpframe *, struct sp_view *input, struct sp_view *data);

/* Whether a line or a file is not complete, or an answer is awaited. */
bool scpframe_is_inside(const struct scpframe *);

#endif
