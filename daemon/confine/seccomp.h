/*
 * The system calls a role needs, and no other; in seccomp_none.c where
 * libseccomp is missing, or a sanitizer needs calls of its own.
 */
#ifndef SP_CONFINE_SECCOMP_H
#define SP_CONFINE_SECCOMP_H

#include "daemon/ipc/ipc.h"

/* For good: any other call ends the process. EINVAL: no list for the role. */
SP_MUST_USE bool seccomp_allow_role(enum ipc_role);

/* For good: what only an administrator or a debugger needs fails (EPERM). */
SP_MUST_USE bool seccomp_deny_privileged(void);

bool seccomp_is_there(void);

#endif
