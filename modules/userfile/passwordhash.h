/* Hashes of passwords, by crypt(3): yescrypt, sha512crypt and what else the
 * system's library calls good. */
#ifndef SP_USERFILE_PASSWORDHASH_H
#define SP_USERFILE_PASSWORDHASH_H

#include <sallyport/types.h>

enum { PASSWORDHASH_SIZE = 384 };

/* Whether the library knows its kind, and takes it for good enough today. */
bool passwordhash_is_good(const char *hash);

enum passwordhash_answer {
	PASSWORDHASH_RIGHT,
	PASSWORDHASH_WRONG,
	PASSWORDHASH_BROKEN, /* the library cannot tell, or has no memory */
};

/* In the time that a hash of this kind takes. */
enum passwordhash_answer
passwordhash_check(const char *password, const char *hash);

/*
 * A new one: prefix as of crypt(5) ("$y$"), NULL for what the library likes
 * best. False where it has no such kind, or the password is too long.
 */
SP_MUST_USE bool passwordhash_make(
    const char *password, const char *prefix, char hash[PASSWORDHASH_SIZE]);

#endif
