/* What each request does: a row a kind. */
#ifndef SP_SFTP_OPERATION_H
#define SP_SFTP_OPERATION_H

#include "modules/sftp/conversation.h"

/* Begins c->request, which was decoded, and answers it now or later. */
void operation_begin(struct conversation *);

/* Whether a WRITE, whose data follows, may be: SP_FILE_OK, with its entry. */
uint32_t operation_check_write(struct conversation *);

/* A piece of the COPY_DATA at hand. */
void operation_copy(struct conversation *);

#endif
