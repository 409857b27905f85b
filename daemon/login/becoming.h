/* Giving up root for the user's identity: for good, and verified. */
#ifndef SP_LOGIN_BECOMING_H
#define SP_LOGIN_BECOMING_H

#include "daemon/login/localaccount.h"

/*
 * Takes the account's groups, gid and uid. False with errno set when that
 * is not exactly what this process is then, or when it could still go
 * back: the process must end.
 */
SP_MUST_USE bool becoming_user(const struct localaccount *);

#endif
