/*
 * What must be done as root for a session: the way that its profile's
 * `session` names opens it, when the client has proved who he is, and
 * closes it, when its process has ended. Between the two a process must
 * stay what the login was, and keep the way's state: the session is a child
 * of it. It holds no connection, hears nobody, and does nothing but wait.
 */
#ifndef SP_LOGIN_CUSTODY_H
#define SP_LOGIN_CUSTODY_H

#include "daemon/login/attempt.h"

#include <sys/types.h>

/* Whether the attempt's profile has such a way. */
bool custody_is_wanted(const struct attempt *);

/* Nothing is opened after all: the way is told. Without one, nothing. */
void custody_decline(struct attempt *);

/*
 * Has it opened, as root and with the user's groups, which are then those
 * that it left. NULL, or why he cannot be let in; then the way was told.
 */
SP_MUST_USE const char *custody_open(struct attempt *);

/*
 * 0 in the process that is to be the session; -1 with errno set. What is
 * open is the other's: in both the way has still to be spoken to.
 */
SP_MUST_USE pid_t custody_fork(void);

/* In the process that is to be the session: the way frees its memory. */
void custody_leave(struct attempt *);

/*
 * As the user: whose keeper is gone, or goes, is killed, since nobody would
 * close what is open for him. False when it is gone.
 */
SP_MUST_USE bool custody_bind(pid_t keeper);

/* Of a login or a session, for who is its parent. */
void custody_log_death(pid_t, int signal_number);

/*
 * In the other: waits for the session's end, and tells of a death. Who
 * wants this process to end has that one ended first.
 */
void custody_wait(pid_t session);

/* Has it closed. Whoever takes longer than a minute is ended with us. */
void custody_close(struct attempt *);

#endif
