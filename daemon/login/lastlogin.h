/*
 * The last login of each account, in the file that login(1), sshd and
 * lastlog(8) use: a record at the place of the account's number. It is
 * written where it is there, and made by nobody.
 */
#ifndef SP_LOGIN_LASTLOGIN_H
#define SP_LOGIN_LASTLOGIN_H

#include <sallyport/types.h>

#include <paths.h>
#include <sys/types.h>
#include <time.h>

#define LASTLOGIN_FILE _PATH_LASTLOG

/*
 * -1 where there is none, or it is nothing that only who we are (root) and
 * a group of his could have written: then problem is why, and else NULL.
 */
int lastlogin_open(const char *path, const char **problem);

/* "Last login: ..." with its end of line; false where none is known. */
enum { LASTLOGIN_TEXT = 320 };
SP_MUST_USE bool lastlogin_tell(int fd, uid_t, char text[LASTLOGIN_TEXT]);

/* Writes this one down. False with errno set. */
SP_MUST_USE bool lastlogin_note(int fd, uid_t, const char *address, time_t now);

#endif
