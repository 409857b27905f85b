/* The message of the day, for who logs in to a terminal. */
#ifndef SP_LOGIN_MODULE_MOTD_H
#define SP_LOGIN_MODULE_MOTD_H

#include <sallyport/module.h>

/*
 * Shows the file that the profile names, unless the user has a
 * ~/.hushlogin. Nothing where there is none, or it cannot be read.
 */
void motd_show(struct sp_chan *);

#endif
