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
	void *memory; /* sp_login_state(); NULL: none yet */
	size_t size;
	bool is_attached;
	bool has_failed; /* to attach */
};

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
	struct trial trial; /* of the module that is asked */
	/* Of all that was accepted; see trial_keep(). */
	char identity[TRIAL_IDENTITY_SIZE]; /* "" until one is set */
	struct restrictions restrictions;
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

/* Frees what was said. */
void login_clear(struct sp_login *);

#endif
