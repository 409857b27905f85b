/*
 * A message lost since this process had no descriptors left for those that
 * came with it (SP_ERR_DESCRIPTORS of ipc.h). Its sender did nothing wrong.
 */
#ifndef SP_LOG_SHORTAGE_H
#define SP_LOG_SHORTAGE_H

#include "daemon/ipc/ipc.h"

/* Logs it, but not each time; peer is the sender's number, 0 for none. */
void shortage_log(enum ipc_role sender, uint32_t peer, enum ipc_type);

#endif
