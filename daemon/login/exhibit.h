/*
 * A request as modules see it: the fields of its method, as strings. What
 * is no string (a NUL in a password) or proves nothing (an empty one) is no
 * credential.
 */
#ifndef SP_LOGIN_EXHIBIT_H
#define SP_LOGIN_EXHIBIT_H

#include "daemon/ipc/authentication.h"
#include "daemon/login/candidate.h"
#include "daemon/login/certified.h"

#include <sallyport/key.h>
#include <sallyport/module.h>

struct exhibit {
	struct sp_cred cred; /* points into what follows, and the request */
	struct certified key; /* of a publickey or hostbased request */
	char authority[SP_FINGERPRINT_SIZE]; /* of its certificate, or "" */
	char method[LIMIT_METHOD + 1];
	char algorithm[LIMIT_METHOD + 1];
	char fingerprint[SP_FINGERPRINT_SIZE];
	char password[LIMIT_PASSWORD + 1];
	char new_password[LIMIT_PASSWORD + 1];
	char submethods[LIMIT_SUBMETHODS + 1];
	char client_host[LIMIT_HOST_NAME + 1];
	char client_user[LIMIT_USER + 1];
};

/*
 * The candidate's request; but for a certificate, which its authority must
 * have signed, nothing is verified here. A password of who
 * cannot be let in is disguised. False for what cannot be one, and for a
 * method that no module is asked about. To be cleared in either case.
 */
SP_MUST_USE bool exhibit_make(struct exhibit *, const struct sp_crypto *,
    const struct candidate *, const struct authentication_request *);
/* Wipes all of it. */
void exhibit_clear(struct exhibit *);

#endif
