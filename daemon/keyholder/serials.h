/*
 * Numbers that are each taken once. They come nearly in order: one is
 * remembered until many later ones were taken, and refused from then on.
 */
#ifndef SP_KEYHOLDER_SERIALS_H
#define SP_KEYHOLDER_SERIALS_H

#include <stdbool.h>
#include <stdint.h>

/* More than a gate's strangers come in the time one has to log in. */
enum { SERIALS_KEPT = 1 << 20 };

/* All zero is an empty one. */
struct serials {
	uint64_t highest;
	uint64_t taken[SERIALS_KEPT / 64];
};

/* False where it was taken before, or may have been; 0 never is good. */
bool serials_take(struct serials *, uint64_t serial);

#endif
