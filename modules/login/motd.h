/* The message of the day, for who logs in to a terminal. */
#ifndef SP_LOGIN_MODULE_MOTD_H
#define SP_LOGIN_MODULE_MOTD_H

#include <sallyport/module.h>

/*
 * What his login has to say, and the file that the profile names, where it
 * can be read; allocated. NULL where there is neither.
 */
char *motd_make(struct sp_chan *);

/* The file that keeps it from the user, in his home; allocated, or NULL. */
char *motd_hush(struct sp_chan *);

#endif
