/*
 * Two engines for whom an allocation fails: wired together in memory, with
 * owners who take a call that fails for what it is. The program is linked
 * with alloc_fail.c.
 */
#ifndef SP_TESTS_SCARCITY_H
#define SP_TESTS_SCARCITY_H

#include <sallyport/engine.h>
#include <sallyport/key.h>

/* Made before anything fails. */
struct scarcity_keys {
	struct sp_crypto *crypto;
	struct sp_key *host_key, *user_key; /* Ed25519 */
};
extern struct scarcity_keys scarcity_keys;

struct scarcity {
	struct sp_engine_config config[2]; /* by role, as is what follows */
	struct sp_host_key offered;
	struct sp_engine *engine[2];
	void (*act[2])(struct scarcity *, const struct sp_event *);
	unsigned ends[2]; /* times CLOSED was said */
	enum sp_status end[2];
};

/* Of main(): false where the keys cannot be had; and when all is over. */
bool scarcity_begin(void);
void scarcity_end(void);

/* The configuration that there is without another wish. */
void scarcity_init(struct scarcity *, const struct sp_algorithms *);
/* Makes the engines, and lets them talk until nothing moves any more. */
void scarcity_run(struct scarcity *);
/*
 * From here on nothing fails. Who was told an end was told why; where
 * nothing failed there was none, and all was done. Frees the engines.
 */
void scarcity_check(struct scarcity *, bool is_done);

/* A call that failed for want of memory did so alone, or ended it all. */
void scarcity_expect(enum sp_status);

#endif
