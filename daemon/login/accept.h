/*
 * How far a client has proved himself: a profile's `accept` is any of some
 * ways, each a sequence of steps; every step is a group of `auth`. A
 * request goes to the next step of every way that is still open. One
 * request satisfies one step, and the same key never satisfies two.
 */
#ifndef SP_LOGIN_ACCEPT_H
#define SP_LOGIN_ACCEPT_H

#include "daemon/config/settings.h"

#include <sallyport/module.h>

/* The groups of `auth`, as the evaluation sees them. */
struct accept_asker {
	/* The methods a group serves, a name-list. */
	const char *(*methods)(size_t auth, void *arg);
	enum sp_verdict (*ask)(size_t auth, void *arg);
	/* Whether a group that cannot find out has no opinion. */
	bool (*goes_on)(size_t auth, void *arg);
	void *arg;
};

struct accept_key;

struct accept {
	const struct profile_settings *profile; /* borrowed */
	size_t *done; /* of each way, the steps satisfied */
	struct accept_key *keys; /* that satisfied a step */
};

enum accept_outcome {
	ACCEPT_REFUSED,
	/* Refused: a group could not find out, and no other said no. */
	ACCEPT_UNJUDGED,
	ACCEPT_WOULD_DO, /* a probe: the credential could satisfy a step */
	ACCEPT_STEP, /* a step is satisfied, another must follow */
	ACCEPT_DONE, /* all steps of one way are */
	/* A password is right, and must be changed first. */
	ACCEPT_CHANGE,
	/* A module wants a further step, and no way has one: refused. */
	ACCEPT_NO_NEXT_STEP,
};

struct accept_request {
	struct sp_view method;
	struct sp_view key; /* blob; empty in methods without one */
	bool is_probe; /* never satisfies anything */
};

/* False without memory. */
SP_MUST_USE bool accept_init(struct accept *, const struct profile_settings *);
void accept_clear(struct accept *);

enum accept_outcome accept_judge(struct accept *, const struct accept_request *,
    const struct accept_asker *);

/* Whether a next step of any way serves the method. */
bool accept_serves(
    const struct accept *, const struct accept_asker *, struct sp_view method);

/*
 * Writes the methods that can continue, a name-list without doubles, into
 * room; what does not fit is left out.
 */
void accept_methods(const struct accept *, const struct accept_asker *,
    char *room, size_t size);

#endif
