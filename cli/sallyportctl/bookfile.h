/*
 * A text file that is changed as a whole while others read it: locked
 * against who would change it as well, written beside it, on disk before it
 * takes the old one's place.
 */
#ifndef SP_SALLYPORTCTL_BOOKFILE_H
#define SP_SALLYPORTCTL_BOOKFILE_H

#include <sallyport/types.h>

#include <stdio.h>
#include <sys/types.h>

struct bookfile {
	int folder; /* locked while it is open */
	const char *path, *name; /* borrowed */
	bool is_there;
	mode_t mode;
	uid_t owner;
	gid_t group;
	struct sp_view text; /* of what is there; empty where nothing is */
	uint8_t *room;
};

/*
 * Reads a file of at most max bytes. It must be no link, and nobody may write
 * it but root and who runs this. False, with a phrase in problem, where it
 * cannot be read; one that is not there is empty.
 */
SP_MUST_USE bool bookfile_open(
    struct bookfile *, const char *path, size_t max, const char **problem);
/* All of the new text in place of the old. */
SP_MUST_USE bool
bookfile_replace(struct bookfile *, struct sp_view text, const char **problem);
/* Wiped. */
void bookfile_close(struct bookfile *);

#endif
