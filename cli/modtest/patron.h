/*
 * A client of a handler module: one request on a channel of a connection of
 * its own, with input and output as a user's would be.
 */
#ifndef SP_MODTEST_PATRON_H
#define SP_MODTEST_PATRON_H

#include "cli/modtest/answer.h"
#include "cli/modtest/stage.h"

#include <sallyport/connection.h>

struct patron_order {
	struct sp_request request;
	const char *in; /* a file; NULL: no input */
	const char *out; /* a file; NULL: it is shown */
	const char *const *variables; /* "NAME=value", set before */
	size_t variable_count;
	bool has_terminal; /* one is asked for before */
	/*
	 * The reader stops until nothing more comes, and goes on then: what
	 * the session holds meanwhile must stay small.
	 */
	bool is_slow;
};

/*
 * "EXIT 0 out=12 err=0", "SIGNAL TERM out=...", "REFUSED"; then what was
 * written. A session that ended by itself, or held too much for a reader
 * that had stopped, is a failure.
 */
void patron_ask(
    const struct stage_given *, const struct patron_order *, struct answer *);

#endif
