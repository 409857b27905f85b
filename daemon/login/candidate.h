/*
 * Who asks to log in: the account behind a name, and the profile that the
 * rules give him. Whoever does not exist or is refused gets the decoy's
 * profile and an account that nothing can match, and goes the same way.
 */
#ifndef SP_LOGIN_CANDIDATE_H
#define SP_LOGIN_CANDIDATE_H

#include "daemon/config/settings.h"
#include "daemon/login/localaccount.h"

enum { CANDIDATE_NAME_SIZE = 256 };

struct candidate {
	char user[CANDIDATE_NAME_SIZE]; /* as the client gave it */
	struct localaccount account; /* who the login becomes; or a decoy */
	const struct profile_settings *profile;
	bool is_known; /* there is such a user, refused or not */
	bool is_genuine; /* false: no proof can be enough */
	bool must_change; /* the password, with who checks accounts */
};

/*
 * Looks the user up and asks the rules; logs a user who is unknown or
 * refused. False without memory, or when the name is too long.
 */
SP_MUST_USE bool candidate_find(struct candidate *,
    const struct access_settings *, struct sp_view user,
    const struct cidr_endpoint *peer, const struct cidr_endpoint *local);

void candidate_clear(struct candidate *);

#endif
