/*
 * What of the file system, the network and other processes can be reached,
 * by Landlock; in landlock_none.c where the system knows none.
 */
#ifndef SP_CONFINE_LANDLOCK_H
#define SP_CONFINE_LANDLOCK_H

#include <sallyport/types.h>

/* ENOSYS where the running kernel has no Landlock. */
SP_MUST_USE bool landlock_deny_all(void);
SP_MUST_USE bool landlock_deny_folders(const char *const *paths, size_t n);

/* Whether the running kernel has it. */
bool landlock_is_there(void);

#endif
