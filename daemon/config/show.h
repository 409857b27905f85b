/* The effective configuration, in the language of the files. */
#ifndef SP_CONFIG_SHOW_H
#define SP_CONFIG_SHOW_H

#include "daemon/config/loader.h"

/*
 * Every value that holds, with the file and line it comes from or
 * "default". What it prints can be read again, but for secrets.
 */
void
show_settings(const struct loader_request *, const struct settings *, FILE *);

#endif
