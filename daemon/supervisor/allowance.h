/*
 * How much one session may have written to the log: so many bytes at once,
 * then so many a second. What is over it stays in the session's own socket,
 * and what finds no room there is counted by the session.
 */
#ifndef SP_SUPERVISOR_ALLOWANCE_H
#define SP_SUPERVISOR_ALLOWANCE_H

#include <sallyport/types.h>

enum {
	ALLOWANCE_BURST = 1024 * 1024,
	ALLOWANCE_RATE = 64 * 1024, /* a second */
	/* A record costs this besides its bytes: it becomes a line. */
	ALLOWANCE_RECORD = 128,
};

/* All zero: nothing spent yet. */
struct allowance {
	uint64_t full_at; /* us; when all of the burst is there again */
};

/*
 * Takes the bytes of one record. 0 while there is more to spend, or the ms
 * to wait before the next.
 */
uint64_t allowance_spend(struct allowance *, size_t bytes, uint64_t now_ms);

#endif
