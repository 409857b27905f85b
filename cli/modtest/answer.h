/*
 * What a module answered to one order: lines of text, and how long it took.
 * A script says what the lines must be.
 */
#ifndef SP_MODTEST_ANSWER_H
#define SP_MODTEST_ANSWER_H

#include "lib/wire/buffer.h"

#include <stdio.h>

/* What a program wrote is shown up to this, with everything else. */
enum { ANSWER_MAX = 256 * 1024 };

struct answer {
	struct buffer text; /* each line ends with a newline */
	bool is_failure; /* it is wrong, whatever a script says */
	uint64_t time_us; /* 0: it was not measured */
};

void answer_init(struct answer *);
void answer_clear(struct answer *);

/* One more line; what does not fit is left out. */
__attribute__((format(printf, 2, 3))) void
answer_add(struct answer *, const char *format, ...);

/* All of another's lines. */
void answer_add_all(struct answer *, const struct answer *);

/* Bytes that a program wrote, as lines that begin with the mark. */
void answer_add_output(struct answer *, char mark, struct sp_view);

/* The first line with the time behind it. */
void answer_print(const struct answer *, FILE *);

/*
 * Whether the lines are those expected: patterns as in the configuration,
 * of which each fits one line. Behind the last expected line others may
 * follow.
 */
bool
answer_fits(const struct answer *, const char *const *expected, size_t count);

#endif
