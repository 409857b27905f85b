/*
 * Which codes a user has used up: the number of the last step of time that
 * let him in, in a file of his own. Logins are processes of their own, so the
 * file is locked while one asks and says; what it says is on disk before the
 * code counts.
 */
#ifndef SP_TOTP_USEDCODES_H
#define SP_TOTP_USEDCODES_H

#include <sallyport/types.h>

enum usedcodes_answer {
	USEDCODES_FRESH, /* and used up now */
	USEDCODES_USED, /* this one, or a later one */
	USEDCODES_BROKEN, /* the file cannot be trusted, read or written */
};

enum { USEDCODES_PROBLEM_SIZE = 512 };

/*
 * Uses up a step. open_trusted(), mostly sp_open_trusted(), opens the path for
 * reading if nobody else may change it, or says why not. The file is made
 * where it is not there; its folder is not.
 */
enum usedcodes_answer usedcodes_take(const char *path, uint64_t step,
    int (*open_trusted)(const char *path, char *err, size_t err_size),
    char problem[USEDCODES_PROBLEM_SIZE]);

#endif
