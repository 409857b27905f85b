/*
 * The daemon's commands about its configuration. Each reads it, writes
 * mistakes to standard error, and returns an exit status: 0, or 78
 * (EX_CONFIG) when there are any, or 64 (EX_USAGE).
 */
#ifndef SP_CONFIG_CONFIG_H
#define SP_CONFIG_CONFIG_H

#include "daemon/config/loader.h"

/* All mistakes; nothing is started. */
int config_check(const struct loader_request *);

/* The effective configuration, each value with where it comes from. */
int config_show(const struct loader_request *);

/*
 * Which rule and profile user=NAME from=ADDRESS [local=ADDRESS:PORT] would
 * get, what is allowed, and why. argv holds these arguments alone.
 */
int config_explain(const struct loader_request *, int argc, char *const argv[]);

/* Every setting as a row of the manual page sallyportd.conf(5). */
int config_settings(void);

#endif
