/*
 * The state folder: the host key that the daemon makes itself, a lock, so
 * that no two daemons answer on one port with one state, and the folder
 * where logins count the sessions of an identity (login/identityfile.h).
 */
#ifndef SP_SUPERVISOR_STATEFOLDER_H
#define SP_SUPERVISOR_STATEFOLDER_H

#include <limits.h>
#include <sallyport/types.h>

struct statefolder {
	char path[PATH_MAX]; /* real and absolute */
	int lock; /* held as long as the daemon runs */
	int identities; /* that folder; nobody else may enter it */
};

/*
 * Opens, and makes where it is missing, the folder at path (NULL: the
 * default). False with a sentence and a remedy in problem (size bytes).
 */
SP_MUST_USE bool statefolder_open(
    struct statefolder *, const char *path, char *problem, size_t size);
void statefolder_close(struct statefolder *);

/*
 * Makes the host key of "auto" where there is none, in a process of its
 * own. *made says whether it did; false with a sentence in problem.
 */
SP_MUST_USE bool statefolder_make_key(
    const struct statefolder *, bool *made, char *problem, size_t size);

/* PATH/host_key_ed25519 */
void statefolder_key_path(const struct statefolder *, char *room, size_t size);

#endif
