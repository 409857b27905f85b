/*
 * The tally: a page of numbers that all sessions of an identity share, in
 * places that are found by a key. Nobody waits for anybody: a place is taken
 * in one step, and stays its key's for as long as the page is there. Who has
 * taken a session over can have written anything, to the harm of his own
 * identity.
 */
#ifndef SP_IPC_TALLY_H
#define SP_IPC_TALLY_H

#include <sallyport/types.h>

struct sp_crypto;

enum {
	TALLY_SIZE = 4096, /* of the page, which begins as zero */
	TALLY_PLACES = 64,
	TALLY_WORDS = 7, /* of a place, besides the one that it is known by */
};

/*
 * The words of a key's place, to be used by atomic operations alone; zero
 * for the first who asks. NULL where all places are others', without memory,
 * and without a page (NULL).
 */
SP_MUST_USE uint64_t *
tally_find(void *page, const struct sp_crypto *, struct sp_view key);

#endif
