/* How sp_open_beneath() of module.h is done on this system. */
#ifndef SP_MODLOAD_BENEATH_H
#define SP_MODLOAD_BENEATH_H

#include <sallyport/types.h>

/*
 * By openat2(2), which follows the links that stay below. errno ENOSYS
 * where the build or the kernel has none.
 */
SP_MUST_USE int beneath_resolve(int folder, const char *path, int flags);

/* Folder by folder, following no link at all (errno ELOOP). */
SP_MUST_USE int beneath_walk(int folder, const char *path, int flags);

#endif
