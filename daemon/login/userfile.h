/*
 * Files a user could have named or made: opened with his rights, and only
 * when nobody but he and root can have written them.
 */
#ifndef SP_LOGIN_USERFILE_H
#define SP_LOGIN_USERFILE_H

#include "daemon/login/localaccount.h"

#include <limits.h>

/* What cannot be trusted, and why. */
struct userfile_problem {
	const char *reason; /* before the path, in a log line */
	char path[PATH_MAX];
};

/*
 * Opens an absolute path for reading, as module.h says of sp_login_open().
 * -1 with errno set; *problem is filled in where errno is EPERM. A process
 * that is root takes the user's rights for the while; it has one thread.
 */
SP_MUST_USE int userfile_open(
    const struct localaccount *, const char *path, struct userfile_problem *);

#endif
