/* The supervisor at work: starting, reloading, stopping. */
#ifndef SP_SUPERVISOR_SUPERVISION_H
#define SP_SUPERVISOR_SUPERVISION_H

#include "daemon/config/loader.h"
#include "daemon/supervisor/options.h"

/*
 * Serves until a signal ends it; the exit status of the program: 0, 1, or
 * 78 for a configuration with mistakes.
 */
int supervision_run(const struct options *, const struct loader_request *);

#endif
