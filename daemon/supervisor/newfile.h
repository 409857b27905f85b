/* Files that were not there before. */
#ifndef SP_SUPERVISOR_NEWFILE_H
#define SP_SUPERVISOR_NEWFILE_H

#include <sallyport/types.h>

#include <sys/types.h>

/*
 * Writes one, in full and on disk, or none: never over what is there
 * already (EEXIST). False with errno set.
 */
SP_MUST_USE bool
newfile_write(const char *path, struct sp_view text, mode_t mode);

/*
 * The folder and those above it, as mkdir -p does; mode is the last one's,
 * if it is made. False with errno set.
 */
SP_MUST_USE bool newfile_make_folders(const char *path, mode_t mode);

#endif
