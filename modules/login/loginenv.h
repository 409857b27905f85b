/* The environment of a program that a login starts. */
#ifndef SP_LOGIN_MODULE_LOGINENV_H
#define SP_LOGIN_MODULE_LOGINENV_H

#include <sallyport/module.h>

struct loginenv {
	char **variables; /* "NAME=value"; ends with NULL */
	size_t count;
	size_t room;
	bool has_failed; /* memory: it is not whole */
};

/*
 * What the login brought, then what the account, the connection and the
 * terminal (its name, or NULL) give, and then what the client set and may
 * set; the first of a name holds. False without memory.
 */
SP_MUST_USE bool loginenv_make(struct loginenv *, struct sp_chan *,
    const char *path, const char *terminal);
void loginenv_clear(struct loginenv *);

#endif
