/*
 * "sallyportd init": a configuration to begin with, and the folders and
 * keys it speaks of. Nothing that is there already is changed.
 */
#ifndef SP_SUPERVISOR_FOUNDATION_H
#define SP_SUPERVISOR_FOUNDATION_H

#include "daemon/supervisor/options.h"

/*
 * Tells on standard output what it made and what to type next, on standard
 * error why it made nothing; the exit status of the program.
 */
int foundation_lay(const struct options *);

#endif
