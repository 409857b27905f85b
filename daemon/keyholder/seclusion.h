/*
 * Giving up all that a process with private keys does not need: drop, then
 * confine.
 */
#ifndef SP_KEYHOLDER_SECLUSION_H
#define SP_KEYHOLDER_SECLUSION_H

#include "daemon/ipc/ipc.h"

/*
 * For good, with the system calls of this role. NULL, or with errno set
 * the name of the step that failed.
 */
SP_MUST_USE const char *seclusion_enter(enum ipc_role);

#endif
