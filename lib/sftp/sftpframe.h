/*
 * Packets of a stream that comes in pieces: each whole message, and of a
 * WRITE first what is in front of its data and then the data as it comes,
 * so that none of it is ever kept. What is kept of an incomplete message is
 * no more than has come, and at most SFTPMESSAGE_MAX.
 */
#ifndef SP_SFTP_SFTPFRAME_H
#define SP_SFTP_SFTPFRAME_H

#include "lib/sftp/sftpmessage.h"

struct sftpframe {
	struct buffer held; /* an incomplete packet, from its length */
	size_t left; /* of a WRITE's data, that has not come */
	size_t surplus; /* of the WRITE, behind that: it is passed over */
	bool is_used; /* held was given out, and goes */
};

enum sftpframe_event {
	SFTPFRAME_NOTHING, /* all input was taken; more is needed */
	SFTPFRAME_MESSAGE, /* data: the message */
	SFTPFRAME_WRITE, /* message: the WRITE; frame->left follows */
	SFTPFRAME_DATA, /* data: of that WRITE; frame->left follows */
	SFTPFRAME_BROKEN, /* no packet is that long or short, or no memory */
};

void sftpframe_init(struct sftpframe *);
void sftpframe_clear(struct sftpframe *);

/*
 * The next of the input, off which it is taken. Views are borrowed until
 * the next call, or for as long as the input is there. After BROKEN nothing
 * makes sense any more.
 */
enum sftpframe_event sftpframe_next(struct sftpframe *, struct sp_view *input,
    struct sftpmessage *, struct sp_view *data);

/* Whether a message or its data is not complete. */
bool sftpframe_is_inside(const struct sftpframe *);

#endif
