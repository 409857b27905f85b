/*
 * What the tables of algorithms have in common, whatever they are for:
 * each row has a name, and says in which set it is offered.
 */
#ifndef SP_CRYPTO_ALGORITHM_H
#define SP_CRYPTO_ALGORITHM_H

#include "lib/wire/buffer.h"

/* A wider set comes first: who asks for it gets all that follow. */
enum algorithm_set {
	ALGORITHM_ASK, /* only where it is named */
	ALGORITHM_COMPATIBLE, /* in "compatible": for older peers */
	ALGORITHM_MODERN, /* in "modern", and in "compatible" too */
};

/*
 * A table, row by row, the best algorithm first: the name of one and the
 * set it is in. NULL behind the last.
 */
typedef const char *algorithm_row(size_t index, enum algorithm_set *);

bool algorithm_is_known(algorithm_row *, struct sp_view name);

/* Appends the names of a set, joined by commas. */
SP_MUST_USE enum sp_status
algorithm_names(algorithm_row *, enum algorithm_set, struct buffer *names);

#endif
