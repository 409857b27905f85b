/*
 * Lists of algorithms as they are written, made into the names they stand
 * for. A list names them, or changes those of a set, as sshd_config does:
 * "+name" is added at the end, "^name" put in front, and what fits
 * "-pattern" is taken out. A member may hold several names with commas
 * between them, and the sign in front is for all of them.
 */
#ifndef SP_CONFIG_ALGORITHMS_H
#define SP_CONFIG_ALGORITHMS_H

#include "daemon/config/schema.h"
#include "lib/crypto/algorithm.h"

#include <sallyport/engine.h>

/* The names of a set, as a list. */
struct string_list
algorithms_of(struct arena *, algorithm_row *, enum algorithm_set);

/*
 * What node (a string, or a list of them) says, starting from a set. Each
 * mistake is told, with what is known; the list is never empty without one.
 */
struct string_list algorithms_read(struct schema_reader *, algorithm_row *,
    enum algorithm_set, const struct tree_node *);

/*
 * All lists of the group server.crypto. The tree is given each as it turned
 * out, for show.
 */
struct sp_algorithms algorithms_resolve(
    struct schema_reader *, struct tree_node *group, enum algorithm_set);

#endif
