/* Finding a bare repository below a root. */
#ifndef SP_GIT_REPOSITORY_H
#define SP_GIT_REPOSITORY_H

/*
 * A descriptor of the repository's folder, reached without leaving the
 * root; -1, with why in *problem. The name is repopath_read()'s; it may
 * lack a ".git", or have one that the folder has not.
 */
int repository_open(const char *root, const char *name, const char **problem);

#endif
