/*
 * Answers that are remembered for a while, each kind for its own. What was
 * asked is not kept: a hash of it under a key of this process's own is. The
 * two kinds have rooms of their own: who is refused pushes nobody out who
 * was let in.
 */
#ifndef SP_HTTP_RECALL_H
#define SP_HTTP_RECALL_H

#include <sallyport/types.h>

enum { RECALL_KEY_LEN = 32 };

struct recall_entry;

struct recall_shelf {
	struct recall_entry *entries; /* by key; NULL: nothing is kept */
	uint64_t time; /* ms */
};

struct recall {
	uint8_t secret[RECALL_KEY_LEN];
	size_t size; /* of each shelf */
	struct recall_shelf yes, no;
};

/* False without memory or randomness. A time of 0: that kind is not kept. */
SP_MUST_USE bool
recall_init(struct recall *, size_t size, uint64_t yes_time, uint64_t no_time);
void recall_clear(struct recall *);

SP_MUST_USE bool recall_key(
    const struct recall *, struct sp_view asked, uint8_t key[RECALL_KEY_LEN]);

/* Borrowed until the next call; false when there is none any more. */
SP_MUST_USE bool recall_find(struct recall *, const uint8_t key[RECALL_KEY_LEN],
    uint64_t now, struct sp_view *answer);

/* In the place of what was there; without memory it is not kept. */
void recall_store(struct recall *, const uint8_t key[RECALL_KEY_LEN],
    bool is_yes, uint64_t now, struct sp_view answer);

#endif
