/* A login as auth modules see it: the host's side of module.h. */
#ifndef SP_LOGIN_LOGIN_H
#define SP_LOGIN_LOGIN_H

#include "daemon/config/cidr.h"
#include "daemon/login/localaccount.h"

#include <sallyport/module.h>

enum { LOGIN_IDENTITY_SIZE = 256 };

struct interview;

/* What a group of `auth` has in one login. */
struct login_state {
	void *memory; /* sp_login_state(); NULL: none yet */
	size_t size;
	bool is_attached;
	bool has_failed; /* to attach */
};

struct sp_login {
	const char *user; /* as the client gave it; borrowed, like all here */
	const struct localaccount *account; /* or the decoy's */
	const char *profile;
	const char *listener;
	const char *way; /* the group of `auth` that is asked */
	char peer[CIDR_TEXT_SIZE];
	char local[CIDR_TEXT_SIZE];
	char peer_port[8];
	char local_port[8];
	char identity[LOGIN_IDENTITY_SIZE]; /* "" until one is set */
	bool has_two_identities; /* the login must fail */
	bool is_account_checked; /* a way has said that it may be used */
	struct login_state *state; /* of the way */
	struct interview *interview; /* with the client, about a request */
};

void login_set_endpoints(struct sp_login *, const struct cidr_endpoint *peer,
    const struct cidr_endpoint *local);

/* Wipes what a group had. */
void login_state_clear(struct login_state *);

/* Who proved himself: what a module said, or the user's name. */
const char *login_identity(const struct sp_login *);

#endif
