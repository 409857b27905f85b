/* What an errno is to a client of SFTP. */
#ifndef SP_LOCAL_FILESTATUS_H
#define SP_LOCAL_FILESTATUS_H

#include <sallyport/storage.h>

/* By OpenSSH's choice, which clients know. */
uint32_t filestatus_of(int error);

/* The status of errno, and its text as the reason. */
uint32_t filestatus_fail(struct sp_reply *);

/* OK where done is true, else by errno. */
uint32_t filestatus_end(struct sp_reply *, bool is_done);

#endif
