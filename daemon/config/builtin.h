/* The configuration that holds where no file says otherwise. */
#ifndef SP_CONFIG_BUILTIN_H
#define SP_CONFIG_BUILTIN_H

#include "daemon/config/source.h"

/* The name it has in place of a file's. */
#define BUILTIN_NAME "built in"

/*
 * For root the system service, for an ordinary user a daemon that lets
 * nobody else in. False, with the mistake told, for a uid without account.
 */
bool builtin_source(struct arena *, struct source *, struct mistakes *);

#endif
