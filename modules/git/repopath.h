/* The path of a repository, as a client of git names it. */
#ifndef SP_GIT_REPOPATH_H
#define SP_GIT_REPOPATH_H

#include <stdbool.h>
#include <stddef.h>

enum { REPOPATH_SIZE = 1024 };

/*
 * Writes the path below the root into room: without the "/" that "ssh://"
 * addresses begin with, and without one at the end. NULL; or why there is
 * none: it is empty or too long, a part of it is empty, "." or "..", or
 * begins with "-" or "~", or it holds a control character.
 */
const char *repopath_read(const char *path, char room[REPOPATH_SIZE]);

/*
 * What such a path is called as well: with ".git" behind, or without where
 * it has it. False when there is no other name.
 */
bool repopath_other(const char *path, char room[REPOPATH_SIZE]);

#endif
