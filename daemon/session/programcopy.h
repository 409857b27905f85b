/* A program with all it is started with, for when its maker's are gone. */
#ifndef SP_SESSION_PROGRAMCOPY_H
#define SP_SESSION_PROGRAMCOPY_H

#include <sallyport/module.h>

/*
 * In one piece of memory, which free() frees; NULL without it. Of what
 * program_read() has filled in, or with no limits at all. Descriptors stay
 * what they are: nothing is duplicated.
 */
SP_MUST_USE struct sp_program *programcopy_new(const struct sp_program *);

#endif
