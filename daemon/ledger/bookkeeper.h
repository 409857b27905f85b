/*
 * The bookkeeper: hears from gates and logins how connections ended, and
 * writes down what it means. What another kind of count is asked for comes
 * in here too, and is kept in a file of its own.
 */
#ifndef SP_LEDGER_BOOKKEEPER_H
#define SP_LEDGER_BOOKKEEPER_H

#include "daemon/config/projection.h"

struct event_base;

struct bookkeeper_given {
	struct event_base *base; /* all borrowed */
	const struct ledger_settings *settings;
	int control; /* to the supervisor */
};

/*
 * Serves until it is told to retire, or the supervisor is gone: another
 * writes then. False when it could not begin.
 */
SP_MUST_USE bool bookkeeper_serve(const struct bookkeeper_given *);

#endif
