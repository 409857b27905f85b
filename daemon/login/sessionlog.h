/*
 * A log socket for one session alone. A session is its user's, and what he
 * does with the socket must be no business of others: the login program's
 * own is left to the login program.
 */
#ifndef SP_LOGIN_SESSIONLOG_H
#define SP_LOGIN_SESSIONLOG_H

#include <sallyport/types.h>

/*
 * Asks for one on the login's log socket, as the login: the supervisor
 * believes no session. -1 with errno set; where there is no supervisor any
 * more, a socket that nobody reads.
 */
SP_MUST_USE int sessionlog_open(int login_log);

/* From now on records go there; it takes the place of the login's socket. */
SP_MUST_USE bool sessionlog_take(int session_log, int login_log);

#endif
