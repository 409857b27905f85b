/* A login as auth modules see it: the host's side of module.h. */
#ifndef SP_LOGIN_LOGIN_H
#define SP_LOGIN_LOGIN_H

#include "daemon/config/cidr.h"
#include "daemon/login/localaccount.h"
#include "daemon/login/trial.h"

#include <sallyport/module.h>

struct sp_crypto;

struct interview;

/* What a group of `auth` has in one login. */
struct login_state {
	int service; /* a socket to its service; -1: none */
	void *memory; /* sp_login_state(); NULL: none yet */
	size_t size;
	bool is_attached;
	bool has_failed; /* to attach */
};

/* As much as a client may be shown before the login, with a NUL. */
enum { LOGIN_GREETING_SIZE = 8001 };

struct sp_login {
	const struct sp_crypto *crypto;
	const char *user; /* as the client gave it; borrowed, like all here */
	const struct localaccount *account; /* or the decoy's */
	const char *profile;
	const char *listener;
	const char *way; /* the group of `auth` that is asked */
	char peer[CIDR_TEXT_SIZE];
	char local[CIDR_TEXT_SIZE];
	char peer_port[8];
	char local_port[8];
	char uid[12]; /* the account's, once it was asked for */
	struct trial trial; /* of the module that is asked */
	/* Of all that was accepted; see trial_keep(). */
	char identity[TRIAL_IDENTITY_SIZE]; /* "" until one is set */
	struct restrictions restrictions;
	bool is_account_checked; /* a way has said that it may be used */
	bool is_opening; /* the way opens what is to be closed again */
	char *greeting; /* what it told meanwhile, of malloc; NULL: nothing */
	struct login_state *state; /* of the way */
	struct interview *interview; /* with the client, about a request */
};

void login_set_endpoints(struct sp_login *, const struct cidr_endpoint *peer,
    const struct cidr_endpoint *local);

/*
 * Adds lines to the greeting, or, where there is no room or no memory,
 * nothing: false.
 */
SP_MUST_USE bool login_greet(struct sp_login *, const char *text);

/* What a group begins with; takes the socket to its service, or -1. */
void login_state_init(struct login_state *, int service);

/* Wipes what a group had, and hangs up. */
void login_state_clear(struct login_state *);

/* Who proved himself: what a module said, or the user's name. */
const char *login_identity(const struct sp_login *);

/* Frees what was said. */
void login_clear(struct sp_login *);

#endif
