/*
 * Lines that others can cause as often as they like: the first is written,
 * and then one in REPETITION_TIME, which says how many were left out.
 */
#ifndef SP_LOG_REPETITION_H
#define SP_LOG_REPETITION_H

#include <sallyport/types.h>

enum { REPETITION_TIME = 10000 /* ms */ };

/* All zero: nothing written yet. */
struct repetition {
	uint64_t next; /* ms; when the next may be written */
	uint64_t left_out; /* since the last that was written */
};

/*
 * True when this one is to be written; *left_out is then how many before it
 * were not.
 */
bool
repetition_allows(struct repetition *, uint64_t now_ms, uint64_t *left_out);

/*
 * The same for a line about those left out alone, when it is time for one
 * and there are any.
 */
bool
repetition_is_due(struct repetition *, uint64_t now_ms, uint64_t *left_out);

#endif
