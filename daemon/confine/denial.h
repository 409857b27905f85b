/*
 * Started by an ordinary user, the daemon's own folders are his as well:
 * his programs are kept out of them, where the kernel can do that without
 * keeping them from making files in folders above.
 */
#ifndef SP_CONFINE_DENIAL_H
#define SP_CONFINE_DENIAL_H

#include <sallyport/types.h>

enum { DENIAL_MAX = 4 };

struct denial {
	const char *folders[DENIAL_MAX]; /* borrowed */
	size_t count;
};

/* False when there are too many. */
SP_MUST_USE bool denial_add(struct denial *, const char *folder);

/*
 * Drops the folders that cannot be denied, and logs why. Call it once,
 * before any fork. As root there is nothing to deny.
 */
void denial_settle(struct denial *);

/*
 * Keeps this process, and what it starts, out of the folders for good.
 * False with errno set when that failed.
 */
SP_MUST_USE bool denial_enforce(const struct denial *);

#endif
