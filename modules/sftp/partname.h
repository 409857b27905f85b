/*
 * The names of files that are being uploaded: ".NAME.RANDOM.part" beside
 * NAME while they grow, ".NAME.part" once nobody writes them and they wait
 * to be resumed. Who resumes one renames it first: only one can.
 */
#ifndef SP_SFTP_PARTNAME_H
#define SP_SFTP_PARTNAME_H

#include <sallyport/types.h>

/* Longer names have no room for what is put around them. */
enum { PARTNAME_MAX = 230 };

/*
 * Writes the name beside path; false when it is too long, or nothing
 * random is to be had.
 */
SP_MUST_USE bool partname_make(const char *path, char *room, size_t size);
SP_MUST_USE bool partname_waiting(const char *path, char *room, size_t size);

/* Whether a part of the path is such a name. */
bool partname_is_in(const char *path);

#endif
