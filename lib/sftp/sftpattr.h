/* The attributes of a file (draft-ietf-secsh-filexfer-02 section 5). */
#ifndef SP_SFTP_SFTPATTR_H
#define SP_SFTP_SFTPATTR_H

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <sallyport/sftp.h>

/* Extended ones are passed over; what is not known fails. */
void sftpattr_read(struct reader *, struct sp_file_attr *);
void sftpattr_write(struct writer *, const struct sp_file_attr *);

#endif
