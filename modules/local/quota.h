/*
 * How much lies below a root, of bytes and of names, in numbers that all
 * sessions of an identity share (sp_chan_counters()). What grows is reserved
 * before it does, in one step that fails where it would be too much; so the
 * numbers are never less than what was written by who reserves. Nobody waits
 * for anybody here, and who is killed leaves them too large.
 */
#ifndef SP_LOCAL_QUOTA_H
#define SP_LOCAL_QUOTA_H

#include <sallyport/types.h>

/* An amount; as a limit 0 is none. */
struct quota_amount {
	uint64_t bytes; /* sizes of files */
	uint64_t names; /* of files, folders and whatever else has one */
};

struct quota {
	uint64_t *numbers; /* QUOTA_NUMBERS of them, zero at first; borrowed */
	struct quota_amount most;
};

enum { QUOTA_NUMBERS = 3 };

/* Whether it is known what is there: before that nothing may be reserved. */
bool quota_is_counted(const struct quota *);

/* It was counted. Of several who counted the same the first one holds. */
void quota_set(const struct quota *, const struct quota_amount *);

/*
 * Whether to begin, or to go on, counting: another who does may have said so
 * less than a second ago. now_ms is of one clock.
 */
bool quota_claim_count(const struct quota *, bool is_counting, uint64_t now_ms);

/* All of it or nothing. */
SP_MUST_USE bool
quota_reserve(const struct quota *, uint64_t bytes, uint64_t names);

/* It is not there, or not any more. */
void quota_return(const struct quota *, uint64_t bytes, uint64_t names);

/* What may be reserved now; without a limit UINT64_MAX. */
struct quota_amount quota_left(const struct quota *);

#endif
