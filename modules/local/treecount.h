/*
 * Counting what lies below a folder, a piece at a time: the sizes of files,
 * and names of all kinds. A file with several names counts by each.
 */
#ifndef SP_LOCAL_TREECOUNT_H
#define SP_LOCAL_TREECOUNT_H

#include "modules/local/quota.h"

enum treecount_state {
	TREECOUNT_MORE, /* there is something left */
	TREECOUNT_DONE,
	TREECOUNT_FAILED, /* it cannot be known: see treecount_problem() */
};

struct treecount;

/* The root stays open for as long as it counts. NULL without memory. */
SP_MUST_USE struct treecount *treecount_new(int root);
void treecount_free(struct treecount *); /* NULL is allowed */

/* Goes on for some hundreds of names. */
enum treecount_state treecount_go_on(struct treecount *);

/* What was found so far. */
const struct quota_amount *treecount_found(const struct treecount *);
const char *treecount_problem(const struct treecount *);

#endif
