/*
 * The identities' folder: a file for each identity that has sessions, whose
 * name is a hash of it. What is locked there the kernel lets go however its
 * holder ends, so that nobody has to be told of an end. The folder is root's
 * alone (or the user's who runs the daemon); the bytes of a file are one page
 * that sessions share (seat.h).
 */
#ifndef SP_LOGIN_IDENTITYFILE_H
#define SP_LOGIN_IDENTITYFILE_H

#include <dirent.h>
#include <sallyport/types.h>

struct sp_crypto;

enum {
	IDENTITYFILE_NAME = 65,
	IDENTITYFILE_PROBLEM = 128,
	/* The byte that is locked to change what others hold; the rest is seats. */
	IDENTITYFILE_GUARD = 0,
	IDENTITYFILE_SEATS = 1,
};

/* False without memory. */
SP_MUST_USE bool identityfile_name(const struct sp_crypto *,
    const char *identity, char name[IDENTITYFILE_NAME]);

/*
 * Opens the file, made where it is missing, for reading and writing, with
 * the guard locked: until the descriptor is closed, or unguarded, nobody
 * takes a seat and nobody removes the file. Waits for others until the
 * deadline (ms, monotonic). -1 with a phrase in problem.
 */
SP_MUST_USE int identityfile_open(int folder, const char *name,
    uint64_t deadline, char problem[IDENTITYFILE_PROBLEM]);

/* Lets go of the guard where a mapping keeps the file open. */
SP_MUST_USE bool identityfile_unguard(int file);

/* Another description of the file, which cannot write; -1 with errno set. */
SP_MUST_USE int
identityfile_open_to_read(int folder, const char *name, int file);

/* Whether anybody but this descriptor holds a byte of these; len 0: to the end. */
bool identityfile_is_held(int file, uint64_t from, uint64_t len);

/* All zero: it begins. */
struct identityfile_sweep {
	DIR *entries;
};

/*
 * Looks at the next few files, and removes those that nobody holds: done
 * once a login, there are never many more files than identities with sessions.
 */
void identityfile_sweep(struct identityfile_sweep *, int folder);
void identityfile_sweep_end(struct identityfile_sweep *);

#endif
