/* What is answered: steps that go on when a storage's operation has ended. */
#ifndef SP_SFTP_SFTPANSWER_H
#define SP_SFTP_SFTPANSWER_H

#include "modules/sftp/conversation.h"

/* The words for a status. */
const char *sftpanswer_text(uint32_t status);

/* reason: for people; NULL: by the status. */
void
sftpanswer_status(struct conversation *, uint32_t status, const char *reason);

/* Adds a message; where that cannot be the channel ends. */
void sftpanswer(struct conversation *, const struct sftpmessage *);

/* A NAME with one name, or a status. */
void sftpanswer_one_name(struct conversation *, struct sp_view name);

/* Steps, each for one kind of answer; a failure is answered by a status. */
conversation_step sftpanswer_done;
conversation_step sftpanswer_handle;
conversation_step sftpanswer_attr;
conversation_step sftpanswer_name;
conversation_step sftpanswer_space;

/* A step: the next entry of a folder was found, and so on to the last. */
conversation_step sftpanswer_entries;

/*
 * In speak(), with nothing waiting to be sent: reads straight into packets
 * where there is room, and what has none into what waits. False: there is
 * no room at all now.
 */
SP_MUST_USE bool sftpanswer_read(struct conversation *);

#endif
