/*
 * Lines that others can cause as often as they like: so many are written
 * in REPETITION_TIME; the rest is counted, and the next line says so.
 */
#ifndef SP_LOG_REPETITION_H
#define SP_LOG_REPETITION_H

#include <sallyport/types.h>

enum { REPETITION_TIME = 10000 /* ms */ };

/* All zero but most: nothing written yet. */
struct repetition {
	unsigned most; /* lines in a while; 0 stands for one */
	unsigned written; /* in this while */
	uint64_t end; /* ms; of this while */
	uint64_t left_out; /* since the last that was written */
};

/*
 * True when this one is to be written; *left_out is then how many before it
 * were not.
 */
bool
repetition_allows(struct repetition *, uint64_t now_ms, uint64_t *left_out);

/* When those left out want a line of their own; UINT64_MAX: there are none. */
uint64_t repetition_deadline(const struct repetition *);

#endif
