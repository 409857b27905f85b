/*
 * Opening a path as if a folder were "/": links and ".." lead nowhere else,
 * whoever renames what meanwhile.
 */
#ifndef SP_LOCAL_INROOT_H
#define SP_LOCAL_INROOT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * As openat2(2) with RESOLVE_IN_ROOT; where the kernel cannot, the path is
 * walked and a link in it is ELOOP. -1 with errno set; EAGAIN when the tree
 * was moved about all the time.
 */
int inroot_open(int root, const char *path, int flags, mode_t mode);

/* The same, but that a link is ELOOP; O_PATH with O_NOFOLLOW opens one. */
int inroot_open_straight(int root, const char *path, int flags, mode_t mode);

/* One call, of the kernel's own; ENOSYS where it has none. */
int inroot_resolve(int root, const char *path, int flags, mode_t mode);
int inroot_resolve_straight(int root, const char *path, int flags, mode_t mode);

/* By hand. For inroot_open() and its test. */
int inroot_walk(int root, const char *path, int flags, mode_t mode);

#endif
