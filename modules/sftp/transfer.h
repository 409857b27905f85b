/* What became of a file that was transferred, for the log. */
#ifndef SP_SFTP_TRANSFER_H
#define SP_SFTP_TRANSFER_H

#include "modules/sftp/guard.h"

/* Milliseconds, of no particular beginning. */
uint64_t transfer_clock(void);

/*
 * One line for what was uploaded, and one for what was downloaded; none for
 * a file that was only opened to be looked at. reason: why it is not whole;
 * NULL: it is.
 */
void
transfer_log(struct sp_chan *, const struct guard_file *, const char *reason);

#endif
