/* Every setting as an entry of the manual page sallyportd.conf(5). */
#ifndef SP_CONFIG_MANUAL_H
#define SP_CONFIG_MANUAL_H

#include <stdio.h>

/* mdoc items, ".It Cm server.login_time" and what belongs to it. */
void manual_print(FILE *);

#endif
