/*
 * Messages that could not be taken: since this process had no descriptors
 * left for those that came with them (SP_ERR_DESCRIPTORS of ipc.h), or no
 * memory. Their senders did nothing wrong.
 */
#ifndef SP_LOG_SHORTAGE_H
#define SP_LOG_SHORTAGE_H

#include "daemon/ipc/ipc.h"

/* Logs it, but not each time; peer is the sender's number, 0 for none. */
void shortage_log(enum ipc_role sender, uint32_t peer, enum ipc_type);

/*
 * What the supervisor said is not said again, so that whom it was about
 * would be unknown here for good. Logs it, and asks him for another process
 * in place of this one, which goes on until that is there.
 */
void shortage_of_order(int control, enum ipc_role self, enum ipc_type);

#endif
