/*
 * The index file: an LMDB file from fingerprints to records, with its lock
 * beside it (FILE-lock). Readers are in the table of the lock, so that no
 * page that one reads is written anew: that is why the lock is opened, and
 * why only who may write the file can read it. What is opened is for this
 * process alone, and must be closed before a fork.
 */
#ifndef SP_KEYDB_KEYINDEX_H
#define SP_KEYDB_KEYINDEX_H

#include "modules/keydb/keyrecord.h"

struct keyindex;

enum { KEYINDEX_PROBLEM_SIZE = 512 };

/*
 * The file must belong to root or to who runs this, and nobody else may
 * write it, its lock, or a folder above them. For writing it is made where
 * it is not there. NULL with a sentence in problem.
 */
struct keyindex *keyindex_open(
    const char *path, bool writes, char problem[KEYINDEX_PROBLEM_SIZE]);
/* Whatever was not committed is not done. NULL is allowed. */
void keyindex_close(struct keyindex *);

enum keyindex_answer { KEYINDEX_FOUND, KEYINDEX_ABSENT, KEYINDEX_BROKEN };

enum keyindex_answer
keyindex_get(struct keyindex *, const char *fingerprint, struct keyrecord *);

/* One after the other, by fingerprint; first is "" at first, and is moved. */
enum keyindex_answer
keyindex_next(struct keyindex *, char fingerprint[64], struct keyrecord *);

/* For writing: nothing holds before it is committed. */
SP_MUST_USE bool keyindex_put(
    struct keyindex *, const char *fingerprint, const struct keyrecord *);
enum keyindex_answer keyindex_del(struct keyindex *, const char *fingerprint);
SP_MUST_USE bool keyindex_commit(struct keyindex *);

/* Why the last of these failed. */
const char *keyindex_problem(const struct keyindex *);

#endif
